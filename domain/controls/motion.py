"""Mirroring and shifting of images, and of answers forth and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, ScalarT, extent

SHIFT_MM = 20.0
"""Distance of the shift, rounded to whole voxels: four times a good localizer's error, and within the
margin of BraTS's field of view."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Mirroring about the image centre, followed by a shift along the first two axes.

    The third axis is unchanged, so that a scoring plane keeps its index and single slices move like
    volumes.

    Args:
        mirrored: Whether the first axis, left to right, is reversed.
        steps: Whole voxels along (i, j); content that leaves the field is lost, new voxels are 0.
    """

    mirrored: bool = False
    steps: tuple[int, int] = (0, 0)

    @property
    def inverse(self) -> Motion:
        """The inverse motion; content that left the field stays lost."""
        i, j = self.steps
        return Motion(self.mirrored, (i if self.mirrored else -i, -j))

    @property
    def is_still(self) -> bool:
        """Whether there is no motion."""
        return self == Motion()

    def of_array(self, array: NDArray[ScalarT]) -> NDArray[ScalarT]:
        """Move an (I, J, K) array on its grid; the copy is C-contiguous."""
        turned = array[::-1] if self.mirrored else array
        moved = np.zeros(array.shape, dtype=array.dtype)
        spans = [_overlap(step, n) for step, n in zip(self.steps, array.shape[:2], strict=True)]
        (to_i, from_i), (to_j, from_j) = spans
        moved[to_i, to_j] = turned[from_i, from_j]
        return moved

    def of_places(self, places: FloatArray, grid: Grid) -> FloatArray:
        """Move positions, (N, 3) continuous voxel coordinates; they may leave the field."""
        moved = np.array(places, dtype=np.float64)
        if self.mirrored:
            moved[:, 0] = grid.shape[0] - 1 - moved[:, 0]
        moved[:, :2] += self.steps
        return moved


def roomiest_shift(brain: BoolArray, grid: Grid) -> Motion:
    """Shift towards the side with the largest margin, by `SHIFT_MM` or as far as the margin allows.

    Args:
        brain: (I, J, K) bool, which must stay in the field.
        grid: Its grid.

    Returns:
        A shift along one axis that loses no voxel of the brain; no motion if the brain fills its
        field or is empty.
    """
    if not brain.any():
        return Motion()
    span_i, span_j, _ = extent(brain)
    rooms = {
        (-1, 0): span_i.start,
        (1, 0): brain.shape[0] - span_i.stop,
        (0, -1): span_j.start,
        (0, 1): brain.shape[1] - span_j.stop,
    }
    spacing_mm = {way: grid.spacing_mm[0 if way[0] else 1] for way in rooms}
    way = max(rooms, key=lambda one: rooms[one] * spacing_mm[one])
    steps = min(rooms[way], max(1, round(SHIFT_MM / spacing_mm[way])))
    return Motion(steps=(way[0] * steps, way[1] * steps))


def _overlap(step: int, length: int) -> tuple[slice, slice]:
    """Return the target and source ranges of a shift along an axis."""
    step = max(-length, min(length, step))
    to = slice(max(step, 0), length + min(step, 0))
    return to, slice(max(-step, 0), length - max(step, 0))
