"""A localizer and a grader as one backend, whatever runs the networks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gliobench.application.backends.network_classifier import NetworkClassifier
from gliobench.application.backends.network_localizer import NetworkLocalizer
from gliobench.application.backends.region_classifier import RegionClassifier
from gliobench.application.backends.tumour_finder import TumourFinder, reads_of
from gliobench.application.ports.backend import Backend, Reads
from gliobench.application.ports.classifier import Classifier
from gliobench.application.ports.network import Grader, Network
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.region_grader import RegionGrader

CNN_ONNX = "cnn-onnx"
CNN_INTENSITY_ONNX = "cnn-intensity-onnx"
CNN_2D_ONNX = "cnn-2d-onnx"
NAMES = {Reads.VOLUMES: CNN_ONNX, Reads.SLICES: CNN_2D_ONNX}
"""Of the backend that a pair of networks is for, by what they read."""


def backend_of(localizer: Network, grader: Grader, *, provenance: Mapping[str, str]) -> Backend:
    """Put a localizer and a grader to work on one study, the tumour found once.

    Args:
        localizer: Whatever runs it: ONNX Runtime, or PyTorch where an export is checked.
        grader: As the localizer, or a model of the regions that it finds.
        provenance: All that decides the predictions; its hash is the backend's fingerprint.

    Raises:
        InvalidInputError: One reads slices and the other volumes.
    """
    finder = TumourFinder(localizer)
    reads = reads_of(localizer.card)
    stated = grader if isinstance(grader, RegionGrader) else grader.card
    if reads is not reads_of(stated):
        raise InvalidInputError(f"a localizer of {reads.value} and a grader of others do not fit")
    return Backend(
        name=NAMES[reads],
        classifier=_classifier(grader, finder),
        localizer=NetworkLocalizer(finder),
        fingerprint=hashlib.sha256(repr(sorted(provenance.items())).encode()).hexdigest(),
        provenance={
            **provenance,
            "localizer": localizer.card.architecture,
            "grader": stated.architecture,
        },
        trained_on=localizer.card.learned | stated.learned,
        reads=reads,
        probability_maps=finder.probabilities,
    )


def _classifier(grader: Grader, finder: TumourFinder) -> Classifier:
    if isinstance(grader, RegionGrader):
        return RegionClassifier(grader, finder)
    return NetworkClassifier(grader, finder)
