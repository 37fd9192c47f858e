"""Finds the tumour with a localizer's network, in a study of many planes or of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, final
from weakref import WeakKeyDictionary

import numpy as np

from gliobench.application.ports.backend import Reads
from gliobench.application.ports.network import Network
from gliobench.application.predict.failures import failure_of
from gliobench.domain.errors import FaultError
from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.geometry.resampling import Float32Array
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.confidence import region_confidence
from gliobench.domain.networks.input import (
    REGION_ORDER,
    SMALLEST_MM3,
    absent_modalities,
    brain_windows,
    localizer_volumes,
    merge_windows,
    on_grid,
    tumour_regions,
    window,
)
from gliobench.domain.networks.logits import expit
from gliobench.domain.networks.model_card import ModelCard
from gliobench.domain.networks.region_grader import RegionGrader
from gliobench.domain.networks.slice_input import thick_as, threshold_on_slice, tumour_on_slice
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.study import Modality, Study

Regions: TypeAlias = Mapping[Region, BoolArray]


def reads_of(card: ModelCard | RegionGrader) -> Reads:
    """Return the kind of study that a network or a region grader reads."""
    return Reads.SLICES if card.of_slices else Reads.VOLUMES


def modalities_of(card: ModelCard) -> tuple[Modality, ...]:
    """Name what a network sees, in the order of its channels."""
    return tuple(Modality(name) for name in card.modalities)


def absent_for(card: ModelCard, study: Study) -> tuple[Modality, ...]:
    """Return the modalities that a study lacks and a network does without.

    Raises:
        NotFoundError: The study lacks what the network needs.
    """
    return absent_modalities(study, modalities_of(card), dropout=card.modality_dropout)


def tumour_probabilities(network: Network, study: Study) -> Float32Array:
    """Run a localizer over all windows that hold the study's brain.

    Returns:
        (R, I', J', K') float32, by region, on the voxels of `localizer_volumes`.

    Raises:
        FaultError: The study is not of the network's kind, lacks a modality that it needs or is
            empty, or the network fails on it.
    """
    card = network.card
    reads_of(card).check(study)
    volumes = localizer_volumes(
        study,
        _spacing_mm(card, study),
        modalities_of(card),
        rule=card.intensity_rule,
        absent=absent_for(card, study),
    )
    starts = brain_windows(volumes, card.input_shape)
    cuts = np.stack([window(volumes, start, card.input_shape) for start in starts])
    probabilities = expit(network.run(cuts))
    return merge_windows(list(zip(starts, probabilities, strict=True)), volumes.shape[1:])


def find_tumour(network: Network, study: Study) -> Regions | None:
    """Return the tumour's regions on the study's grid; None where no voxel is taken for tumour.

    Raises:
        FaultError: As `tumour_probabilities`.
    """
    return _regions(network.card, tumour_probabilities(network, study), study)


@dataclass(frozen=True, eq=False)
class FoundTumour:
    """What a localizer finds in a study.

    Args:
        regions: On the study's grid; None where no voxel is taken for tumour.
        confidence: The Dice that it expects, by region.
    """

    regions: Regions | None
    confidence: Mapping[Region, float]


@final
class TumourFinder:
    """Runs the localizer's network once a study, for whoever asks."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._found: WeakKeyDictionary[Study, FoundTumour | Failure] = WeakKeyDictionary()

    def find(self, study: Study) -> FoundTumour | Failure:
        """Return what is found, or why nothing can be."""
        if study not in self._found:
            self._found[study] = self._look(study)
        return self._found[study]

    def regions(self, study: Study) -> Regions | Failure:
        """Return the tumour's regions on the study's grid; that there are none is a failure."""
        found = self.find(study)
        if isinstance(found, Failure):
            return found
        return found.regions or Failure(
            FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour"
        )

    def probabilities(self, study: Study) -> dict[Region, Float32Array]:
        """Return the probability of every voxel of the study's grid, by region.

        Raises:
            FaultError: As `tumour_probabilities`.
        """
        likely = tumour_probabilities(self._network, study)
        spacing_mm = _spacing_mm(self._network.card, study)
        maps = on_grid(likely, spacing_mm=spacing_mm, grid=study.grid)
        return dict(zip(REGION_ORDER, maps, strict=False))  # fewer if there are fewer

    def _look(self, study: Study) -> FoundTumour | Failure:
        card = self._network.card
        try:
            likely = tumour_probabilities(self._network, study)
            return FoundTumour(_regions(card, likely, study), _confidence(card, likely))
        except FaultError as error:
            return failure_of(error)


def _regions(card: ModelCard, likely: Float32Array, study: Study) -> Regions | None:
    spacing_mm = _spacing_mm(card, study)
    if card.of_slices:
        return tumour_on_slice(likely, spacing_mm=spacing_mm, grid=study.grid)
    return tumour_regions(
        likely,
        spacing_mm=spacing_mm,
        grid=study.grid,
        threshold=card.threshold,
        smallest_enhancing_mm3=card.smallest_enhancing_mm3,
    )


def _confidence(card: ModelCard, likely: Float32Array) -> dict[Region, float]:
    if card.of_slices:
        return region_confidence(likely, threshold=threshold_on_slice(likely), smallest_vox=0)
    voxel_mm3 = float(np.prod(card.spacing_mm))
    return region_confidence(
        likely,
        threshold=card.threshold,
        smallest_vox=SMALLEST_MM3 / voxel_mm3,
        smallest_enhancing_vox=card.smallest_enhancing_mm3 / voxel_mm3,
    )


def _spacing_mm(card: ModelCard, study: Study) -> Spacing:
    return thick_as(study.grid, card.spacing_mm) if card.of_slices else card.spacing_mm
