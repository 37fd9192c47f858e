"""Conversion of a study to a grader's input: a crop about the tumour, for training and inference alike."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, Spacing, Voxel, extent
from gliobench.domain.geometry.resampling import Float32Array, linear_weights, resample
from gliobench.domain.networks.input import MODALITY_ORDER, Shape
from gliobench.domain.networks.intensity import PLAIN_RULE, IntensityRule
from gliobench.domain.studies.study import Modality, Study


@dataclass(frozen=True, slots=True)
class GraderGeometry:
    """A small window around the tumour.

    The voxels are those of a 240 x 240 x 155 study at 1 mm resampled to 128³ corner to corner, like
    the lesion cubes on which the grader is trained.

    Args:
        spacing_mm: Edges of a voxel along (i, j, k), RAS+.
        shape: Voxels of the network's input.
    """

    spacing_mm: Spacing = (239 / 127, 239 / 127, 154 / 127)
    shape: Shape = (32, 32, 32)


def tumour_centre(whole: BoolArray) -> Voxel:
    """Return the centre of a mask's bounding box in continuous voxel coordinates.

    Args:
        whole: (I, J, K) bool with at least one voxel.
    """
    i, j, k = ((span.start + span.stop - 1) / 2 for span in extent(whole))
    return i, j, k


def grader_volumes(
    study: Study,
    *,
    centre: Voxel,
    geometry: GraderGeometry,
    rules: Mapping[Modality, IntensityRule | None],
) -> Float32Array:
    """Cut a grader's input around a point of a study.

    Args:
        study: Any RAS+ study.
        centre: Continuous voxel coordinates.
        geometry: Voxels and shape of the input.
        rules: Intensities of the *whole* volumes, by modality in the network's order; None for an
            absent one, which is zero everywhere.

    Returns:
        (C, *geometry.shape) float32 z-scores in the order of the rules, zero outside the study.
    """
    weights, reach = _crop_weights(study.grid, centre=centre, geometry=geometry)
    return np.stack(
        [
            np.zeros(geometry.shape, dtype=np.float32)
            if rule is None
            else resample(rule.apply(study.volume(modality)[reach]), weights)
            for modality, rule in rules.items()
        ]
    )


def grader_crop(
    voxels: FloatArray | BoolArray, *, grid: Grid, centre: Voxel, geometry: GraderGeometry
) -> Float32Array:
    """Cut an (I, J, K) array like `grader_volumes`, with unchanged values."""
    weights, reach = _crop_weights(grid, centre=centre, geometry=geometry)
    return resample(voxels[reach].astype(np.float32), weights)


def intensity_rules(
    study: Study,
    modalities: Sequence[Modality] = MODALITY_ORDER,
    *,
    rule: str = PLAIN_RULE,
    absent: Collection[Modality] = (),
) -> dict[Modality, IntensityRule | None]:
    """Measure the intensities of a study's modalities, on its own grid, as a network's card says.

    Returns:
        Rules by modality; None for the absent ones.
    """
    return {
        modality: None if modality in absent else IntensityRule.of(study.volume(modality), rule)
        for modality in modalities
    }


def _crop_weights(
    grid: Grid, *, centre: Voxel, geometry: GraderGeometry
) -> tuple[list[Float32Array], tuple[slice, ...]]:
    weights, reach = [], []
    for axis in range(3):
        count, length = geometry.shape[axis], grid.shape[axis]
        step = geometry.spacing_mm[axis] / grid.spacing_mm[axis]
        positions = centre[axis] + (np.arange(count) - (count - 1) / 2) * step
        low = int(np.clip(np.floor(positions[0]) - 1, 0, length - 1))
        high = int(np.clip(np.ceil(positions[-1]) + 2, low + 1, length))
        weights.append(linear_weights(high - low, positions - low))
        reach.append(slice(low, high))
    return weights, tuple(reach)
