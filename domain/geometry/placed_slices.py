"""Slices that are placed one by one, on a grid that is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import SAME_PLACE_VOX, Grid, ScalarT

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From DICOM's patient space to the world of grids, and back."""
_ROUNDING = 1e-3
"""Of direction cosines, which some writers round to a few digits."""


@dataclass(frozen=True, eq=False)
class PlacedSlices:
    """Slices of one orientation in any order, of which some may be missing and several at one place.

    Args:
        positions_mm: (N, 3) centres of the first pixels, in DICOM's patient space (LPS).
        directions: (2, 3) unit vectors along a row and along a column of pixels.
        spacing_mm: Between rows and between columns.
        shape: Rows and columns.

    Raises:
        InvalidInputError: The numbers place no slices.
    """

    positions_mm: NDArray[np.float64]
    directions: NDArray[np.float64]
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]

    def __post_init__(self) -> None:
        positions = self.positions_mm
        if not (np.isfinite(positions).all() and np.abs(positions).max(initial=0) < 1e5):
            raise InvalidInputError("positions of slices are not finite, or kilometres away")
        if not all(0 < edge < 1e3 for edge in self.spacing_mm):
            rows_mm, columns_mm = self.spacing_mm
            raise InvalidInputError(f"pixels of {rows_mm:g} x {columns_mm:g} mm")
        products = self.directions @ self.directions.T
        if not (np.isfinite(products).all() and np.allclose(products, np.eye(2), atol=_ROUNDING)):
            raise InvalidInputError(
                "directions of rows and columns are not perpendicular unit vectors"
            )

    def __len__(self) -> int:
        return len(self.positions_mm)

    def on(self, grid: Grid) -> SlicesOnGrid:
        """Find the voxels that the pixels are.

        Args:
            grid: In any orientation: rows and columns may run along any two of its axes.

        Raises:
            InvalidInputError: A pixel is no voxel of the grid, by more than rounding.
        """
        to_voxels = np.linalg.inv(LPS_TO_RAS @ grid.affine)
        between_rows, between_columns = self.spacing_mm
        steps = self.directions * [[between_columns], [between_rows]] @ to_voxels[:3, :3].T
        first = self.positions_mm @ to_voxels[:3, :3].T + to_voxels[:3, 3]
        lengths = np.array(self.shape[::-1]) - 1
        whole, origins = np.rint(steps), np.rint(first)
        drift = np.abs(steps - whole).max(axis=1) @ lengths
        apart = float(np.abs(first - origins).max() + drift)
        if not _are_axes(whole):
            raise InvalidInputError("pixels are of another size or direction than voxels")
        if apart > SAME_PLACE_VOX:
            raise InvalidInputError(
                f"pixels lie up to {apart:.3g} voxels beside voxels: wanted at most {SAME_PLACE_VOX:g}"
            )
        ends = origins + lengths @ whole
        if min(origins.min(), ends.min()) < 0 or (np.maximum(origins, ends) >= grid.shape).any():
            raise InvalidInputError("pixels reach beyond the voxels")
        return SlicesOnGrid(origins.astype(int), whole.astype(int), self.shape)


@dataclass(frozen=True, eq=False)
class SlicesOnGrid:
    """The voxels of slices.

    Args:
        origins: (N, 3) voxels of the first pixels.
        steps: (2, 3) from voxel to voxel along a row and along a column of pixels.
        shape: Rows and columns.
    """

    origins: NDArray[np.int_]
    steps: NDArray[np.int_]
    shape: tuple[int, int]

    def view(self, volume: NDArray[ScalarT], number: int) -> NDArray[ScalarT]:
        """Return the (rows, columns) of a volume on the grid that a slice shows."""
        rows, columns = self.shape
        origin = self.origins[number]
        index: list[slice | int] = [int(at) for at in origin]
        along_row, along_column = (int(np.abs(step).argmax()) for step in self.steps)
        for axis, step, length in ((along_row, 0, columns), (along_column, 1, rows)):
            index[axis] = _run(int(origin[axis]), int(self.steps[step, axis]), length)
        found = volume[tuple(index)]
        return found.T if along_row < along_column else found


def _are_axes(steps: NDArray[np.float64]) -> bool:
    """Return whether both steps lead to a neighbouring voxel, along different axes."""
    lengths = np.abs(steps).sum(axis=1)
    return bool((lengths == 1).all() and not (steps[0] * steps[1]).any())


def _run(start: int, step: int, length: int) -> slice:
    stop = start + step * length
    return slice(start, None if stop < 0 else stop, step)
