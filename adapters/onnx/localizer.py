"""A CNN that finds the tumour in the whole study, of many planes or of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import final
from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import expit

from gliobench.application.failures import failure_of
from gliobench.application.ports.backend import Reads
from gliobench.application.ports.localizer import Localizer
from gliobench.application.ports.network import Network
from gliobench.domain.errors import GliobenchError
from gliobench.domain.geometry import BoolArray
from gliobench.domain.model_card import ModelCard
from gliobench.domain.network_input import (
    brain_windows,
    localizer_volumes,
    merge_windows,
    tumour_regions,
    window,
)
from gliobench.domain.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.regions import Region
from gliobench.domain.slice_input import thick_as, tumour_on_slice
from gliobench.domain.study import Modality, Study

Regions = Mapping[Region, BoolArray]


@final
class TumourFinder:
    """Runs the localizer's network once a study, for whoever asks.

    Args:
        network: A localizer.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._found: WeakKeyDictionary[Study, Regions | Failure] = WeakKeyDictionary()

    def find(self, study: Study) -> Regions | Failure:
        """Give the tumour's regions on the study's grid, or why there are none."""
        if study not in self._found:
            self._found[study] = self._segment(study)
        return self._found[study]

    def _segment(self, study: Study) -> Regions | Failure:
        card = self._network.card
        spacing_mm = thick_as(study.grid, card.spacing_mm) if card.of_slices else card.spacing_mm
        try:
            reads_of(card).check(study)
            volumes = localizer_volumes(study, spacing_mm, modalities_of(card))
            starts = brain_windows(volumes, card.input_shape)
            cuts = np.stack([window(volumes, start, card.input_shape) for start in starts])
            probabilities = expit(self._network.run(cuts))
        except GliobenchError as error:
            return failure_of(error)
        merged = merge_windows(list(zip(starts, probabilities, strict=True)), volumes.shape[1:])
        read = tumour_on_slice if card.of_slices else tumour_regions
        regions = read(merged, spacing_mm=spacing_mm, grid=study.grid)
        return regions or Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")


def modalities_of(card: ModelCard) -> tuple[Modality, ...]:
    """Name what a network sees, in the order of its channels."""
    return tuple(Modality(name) for name in card.modalities)


def reads_of(card: ModelCard) -> Reads:
    """Tell the kind of study that a network is made for."""
    return Reads.SLICES if card.of_slices else Reads.VOLUMES


@final
class OnnxLocalizer(Localizer):
    """Answers with the tumour's mask; every other form follows from it.

    Args:
        finder: Shared with the classifier, so that a study is segmented once.
    """

    def __init__(self, finder: TumourFinder) -> None:
        self._finder = finder

    @property
    def forms(self) -> frozenset[Form]:
        """A mask, from which all others follow."""
        return frozenset({Form.MASK})

    def localise(
        self,
        studies: Sequence[Study],
        forms: Collection[Form],  # noqa: ARG002 - a mask is its one form
    ) -> list[LocalisationPrediction | Failure]:
        """Segment each study."""
        return [self._localise(study) for study in studies]

    def _localise(self, study: Study) -> LocalisationPrediction | Failure:
        found = self._finder.find(study)
        if isinstance(found, Failure):
            return found
        return LocalisationPrediction({Form.MASK: Mask(study.grid, found)})
