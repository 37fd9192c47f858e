"""A localizer and a grader as one backend, whatever runs the networks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from gliobench.application.backends.asked import AskedClassifier, AskedLocalizer
from gliobench.application.backends.tumour_finder import (
    TumourFinder,
    absent_for,
    modalities_of,
    reads_of,
)
from gliobench.application.ports.backend import Backend, Reads
from gliobench.application.ports.network import Grader, Network
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.conformal_sets import ConformalSets
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.logits import expit
from gliobench.domain.networks.region_grader import BASELINE, RegionGrader
from gliobench.domain.networks.region_measures import FEATURES, RegionMeasures
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.predictions.reasons import Reason
from gliobench.domain.studies.study import Modality, Study

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
    grade = _grader(grader, finder)
    reads = reads_of(localizer.card)
    stated = grader if isinstance(grader, RegionGrader) else grader.card
    if reads is not reads_of(stated):
        raise InvalidInputError(f"a localizer of {reads.value} and a grader of others do not fit")
    return Backend(
        name=NAMES[reads],
        classifier=AskedClassifier(lambda studies: [grade(study) for study in studies]),
        localizer=AskedLocalizer(
            frozenset({Form.MASK}),
            lambda studies, _: [mask_found(finder, study) for study in studies],
        ),
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


def _grader(grader: Grader, finder: TumourFinder) -> Callable[[Study], GradePrediction | Failure]:
    """Return what grades a study; the finder is shared with the localizer."""
    if isinstance(grader, RegionGrader):
        return partial(_grade_by_regions, grader, finder)
    return partial(_grade_by_network, grader, finder)


def _grade_by_network(
    network: Network, finder: TumourFinder, study: Study
) -> GradePrediction | Failure:
    """Grade the tumour from a crop about where the localizer found it; fail where it found none."""
    found, card = finder.regions(study), network.card
    if isinstance(found, Failure):
        return found
    try:
        crop = grader_volumes(
            study,
            centre=tumour_centre(found[Region.WT]),
            geometry=GraderGeometry(spacing_mm=card.spacing_mm, shape=card.input_shape),
            rules=intensity_rules(
                study,
                modalities_of(card),
                rule=card.intensity_rule,
                absent=absent_for(card, study),
            ),
        )
        logit = network.run(crop[np.newaxis]).item()
    except FaultError as error:
        return failure_of(error)
    probability = float(expit(np.array(logit / card.temperature, dtype=np.float64)))
    return _likelier(probability, card.conformal)


def _grade_by_regions(
    grader: RegionGrader, finder: TumourFinder, study: Study
) -> GradePrediction | Failure:
    """Grade the tumour by its regions; fail where none is found, or there is no T1c.

    No intensities are read, so whatever the localizer segments is graded, if enhancement could be seen.
    """
    if Modality.T1C in study.absent:
        return Failure(
            FailureReason.MISSING_MODALITY,
            f"study {study.id} has no t1c ({Modality.T1C.alias}): enhancement, on which the grade "
            "rests, is seen on no other sequence",
        )
    found = finder.regions(study)
    if isinstance(found, Failure):
        return found
    return graded(grader, RegionMeasures.of(found, study.grid))


def graded(grader: RegionGrader, measures: RegionMeasures) -> GradePrediction:
    """Grade a tumour; the reasons are in order of their weight, the baseline last."""
    parts = grader.log_odds(measures)
    probability = float(expit(np.array(sum(parts.values()), dtype=np.float64)))
    baseline = Reason(BASELINE, "average tumour", parts.pop(BASELINE))
    reasons = [Reason(name, FEATURES[name].text(measures), part) for name, part in parts.items()]
    ordered = sorted(reasons, key=lambda item: -abs(item.log_odds))
    return replace(_likelier(probability, grader.conformal), reasons=(*ordered, baseline))


def _likelier(probability_hgg: float, sets: ConformalSets | None) -> GradePrediction:
    """Predict the likelier grade, with the set of grades that are not excluded where limits are known."""
    grade = GradePrediction.likelier(probability_hgg)
    if sets is None:
        return grade
    return replace(grade, grade_set=GradeSet(sets.grades(probability_hgg), sets.coverage))


def mask_found(finder: TumourFinder, study: Study) -> LocalisationPrediction | Failure:
    """Answer with the tumour's mask; every other form follows from it."""
    found = finder.find(study)
    if isinstance(found, Failure):
        return found
    mask = NO_TUMOUR if found.regions is None else Mask(study.grid, found.regions)
    return LocalisationPrediction(
        {Form.MASK: mask},
        confidence=found.confidence[Region.WT],
        region_confidence=found.confidence,
    )
