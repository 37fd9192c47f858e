"""Images that are mirrored or shifted, and the answers on them, brought there and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, ScalarT, extent

SHIFT_MM = 20.0
"""How far an image is shifted, to the next whole voxel: four times a good localizer's error, and
room that a brain leaves in BraTS's field."""


@dataclass(frozen=True, slots=True)
class Motion:
    """Mirroring about an image's middle, then a shift along its first two axes.

    The third axis stays as it is, so that a scoring plane keeps its index and a study of one slice
    moves as any other.

    Args:
        mirrored: Whether the first axis, left to right, is reversed.
        steps: Whole voxels along (i, j); what leaves the field is lost, what enters is 0.
    """

    mirrored: bool = False
    steps: tuple[int, int] = (0, 0)

    @property
    def inverse(self) -> Motion:
        """What brings everything back but what has left the field."""
        i, j = self.steps
        return Motion(self.mirrored, (i if self.mirrored else -i, -j))

    @property
    def is_still(self) -> bool:
        """Whether nothing moves."""
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
        """Move places, (N, 3) continuous voxel coordinates; they may leave the field."""
        moved = np.array(places, dtype=np.float64)
        if self.mirrored:
            moved[:, 0] = grid.shape[0] - 1 - moved[:, 0]
        moved[:, :2] += self.steps
        return moved


def roomiest_shift(brain: BoolArray, grid: Grid) -> Motion:
    """Shift to the side where the brain leaves most room: by `SHIFT_MM`, or as far as there is room.

    Args:
        brain: (I, J, K) bool, all that must stay in the field.
        grid: Its grid.

    Returns:
        A shift along one axis that loses no voxel of the brain; still where the brain fills its
        field, or there is none.
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
    """Tell where along an axis the moved lies, and where it comes from."""
    step = max(-length, min(length, step))
    to = slice(max(step, 0), length + min(step, 0))
    return to, slice(max(-step, 0), length - max(step, 0))
