"""How far a brain reaches in the world: its midline, and its place in the MNI152 frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, BoolArray, FloatArray, Grid, Plane, Voxel

MNI_LOW_MM, MNI_HIGH_MM = (-66.0, -100.0, -60.0), (66.0, 66.0, 74.0)
"""The extent of the MNI152 template's brain, measured like `BrainExtent.of` measures any brain."""
COUNTED_PERCENT = (0.5, 99.5)
"""Of the brain's voxels along an axis: stray voxels and the length of the medulla do not count."""
SMALLEST, LARGEST = 0.75, 1.15
"""Plausible extents relative to the template's; 0.89 to 1.0 in studies of BraTS 2020."""
CUT_CM2 = 50.0
"""Least area of brain on an outermost plane of a volume that does not hold all of it."""
_SAMPLE_MM = 2.0
_AXES = ("wide", "long", "high")


@dataclass(frozen=True, slots=True)
class BrainExtent:
    """The box that holds a brain, along the axes of RAS+ world space.

    Args:
        low_mm: Left, posterior and inferior end.
        high_mm: Right, anterior and superior end.
        cut_cm2: The largest area of brain on an outermost plane of the volume.
        is_slice: Whether the brain is seen on a single plane.

    Raises:
        InvalidInputError: An end is not finite, or the box is reversed.
    """

    low_mm: Voxel
    high_mm: Voxel
    cut_cm2: float = 0.0
    is_slice: bool = False

    def __post_init__(self) -> None:
        ends = np.array([self.low_mm, self.high_mm])
        if not np.isfinite(ends).all() or (ends[1] < ends[0]).any():
            raise InvalidInputError(f"brain from {self.low_mm} to {self.high_mm} mm has no extent")

    @classmethod
    def of(cls, brain: BoolArray, grid: Grid) -> BrainExtent:
        """Measure a brain; an oblique grid is measured along the axes of the world.

        Args:
            brain: (I, J, K) bool, every voxel of the brain.
            grid: RAS+.

        Raises:
            InvalidInputError: The brain is empty.
        """
        _, across, along = (max(1, round(_SAMPLE_MM / edge)) for edge in grid.spacing_mm)
        # Every voxel from left to right, so that the midline is exact.
        sample = np.argwhere(brain[:, ::across, ::along]) * (1, across, along)
        if not len(sample):
            raise InvalidInputError(f"brain of shape {brain.shape} holds no voxel")
        # No product of BLAS: its threads would wait on all cores, for three sums a voxel.
        world_mm = np.einsum("nv,wv->nw", sample, grid.affine[:3, :3]) + grid.affine[:3, 3]
        (x, y, z), (x1, y1, z1) = np.percentile(world_mm, COUNTED_PERCENT, axis=0).tolist()
        return cls((x, y, z), (x1, y1, z1), _cut_cm2(brain, grid), min(brain.shape) == 1)

    @property
    def midline_mm(self) -> float:
        """World x of the mid-sagittal plane: half-way between the brain's left and right end.

        The head is assumed to lie straight in the scanner; each degree of rotation moves the frontal and
        the occipital pole by 1.5 mm.
        """
        return (self.low_mm[0] + self.high_mm[0]) / 2

    @property
    def fault(self) -> str:
        """Why the brain cannot be brought into the MNI152 frame; empty where it can."""
        if self.is_slice:
            return "a single slice does not show the extent of the brain"
        if self.cut_cm2 > CUT_CM2:
            return (
                f"the images cut the brain: {self.cut_cm2:.0f} cm² of it on an outermost plane, wanted "
                f"at most {CUT_CM2:.0f} cm²"
            )
        for axis, size, usual in zip(_AXES, self._size_mm, _MNI_SIZE_MM, strict=True):
            low, high = SMALLEST * usual, LARGEST * usual
            if not low <= size <= high:
                return f"the brain is {size:.0f} mm {axis}: wanted {low:.0f} to {high:.0f} mm"
        return ""

    def to_mni(self, world_mm: FloatArray) -> NDArray[np.float64]:
        """Bring places into the MNI152 frame by scaling box to box.

        Approximate: wrong by a centimetre or more where the brain is deformed, rotated or incomplete.

        Args:
            world_mm: (N, 3).

        Returns:
            (N, 3) mm.

        Raises:
            InvalidInputError: The brain cannot be brought there: see `fault`.
        """
        if self.fault:
            raise InvalidInputError(self.fault)
        scaled = (world_mm - np.array(self.low_mm)) * (_MNI_SIZE_MM / self._size_mm)
        return np.asarray(scaled + MNI_LOW_MM, dtype=np.float64)

    @property
    def _size_mm(self) -> NDArray[np.float64]:
        return np.subtract(self.high_mm, self.low_mm)


_MNI_SIZE_MM = np.subtract(MNI_HIGH_MM, MNI_LOW_MM)


def _cut_cm2(brain: BoolArray, grid: Grid) -> float:
    areas = (
        np.count_nonzero(plane.cut(brain)) * float(np.prod(plane.spacing_mm(grid)))
        for axis in Axis
        for plane in (Plane(axis, 0), Plane(axis, grid.shape[axis] - 1))
    )
    return max(areas) / 100
