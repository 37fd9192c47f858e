"""The grid of slices of which some were left out, as the empty ones of a DICOM segmentation are."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import SAME_PLACE_VOX, Grid
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS, PlacedSlices

LONGEST_VOX = 1024
"""Voxels along an axis: places in files may be invented."""
_ONE_PLACE_MM = 0.02
"""Slices that are closer lie at one place."""
_MOST_STEPS = 1.5


def lattice_of(slices: PlacedSlices, apart_mm: float | None) -> Grid:
    """Find the smallest grid whose voxels are the pixels of parallel slices.

    Args:
        slices: One or more; several may lie at one place.
        apart_mm: How far neighbouring slices are apart; None takes the smallest distance.

    Raises:
        InvalidInputError: There is one place and no distance, the slices are not in a straight stack at
            multiples of it, or no two of them are neighbours.
    """
    normal = np.cross(*slices.directions)
    heights = slices.positions_mm @ normal
    first = slices.positions_mm[heights.argmin()]
    step_mm = _step_mm(heights - heights.min(), apart_mm)
    across, down = slices.spacing_mm[1], slices.spacing_mm[0]
    axes = np.column_stack(
        [slices.directions[0] * across, slices.directions[1] * down, normal * step_mm]
    )
    voxels = np.linalg.solve(axes, (slices.positions_mm - first).T).T
    count = np.rint(voxels[:, 2])
    beside = float(np.abs(voxels - np.outer(count, [0, 0, 1])).max())
    if beside > SAME_PLACE_VOX:
        raise InvalidInputError(
            f"slices lie up to {beside:.3g} voxels beside a straight stack of {step_mm:.4g} mm steps: "
            f"wanted at most {SAME_PLACE_VOX:g}"
        )
    rows, columns = slices.shape
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes, first
    return _checked((columns, rows, int(count.max()) + 1), LPS_TO_RAS @ affine)


def covering(grid: Grid, other: Grid) -> Grid:
    """Continue a grid until it holds another one, too.

    Args:
        grid: What is continued.
        other: May have other voxels; if it has the same ones, the result ends where they end.

    Raises:
        InvalidInputError: It would be too long.
    """
    ends = [(-0.5, length - 0.5) for length in other.shape]
    corners = np.array([(*corner, 1.0) for corner in product(*ends)]).T
    edges = np.linalg.solve(grid.affine, other.affine @ corners)[:3]
    low = np.floor(edges.min(axis=1) + 0.5 + SAME_PLACE_VOX).astype(int)
    high = np.ceil(edges.max(axis=1) - 0.5 - SAME_PLACE_VOX).astype(int)
    start = np.minimum(low, 0)
    i, j, k = (np.maximum(high + 1, grid.shape) - start).tolist()
    affine = grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ start
    return _checked((i, j, k), affine)


def _checked(shape: tuple[int, int, int], affine: NDArray[np.float64]) -> Grid:
    if max(shape) > LONGEST_VOX:
        raise InvalidInputError(f"{max(shape)} voxels along an axis: wanted at most {LONGEST_VOX}")
    return Grid(shape, affine)


def _step_mm(heights: NDArray[np.float64], apart_mm: float | None) -> float:
    """Return the distance of neighbours, freed of its rounding."""
    distances = np.diff(np.sort(heights))
    distances = distances[distances > _ONE_PLACE_MM]
    if apart_mm is not None and apart_mm <= 0:
        raise InvalidInputError(f"slices {apart_mm:g} mm apart")
    if not distances.size:
        if apart_mm is None:
            raise InvalidInputError("a single slice that does not say how far its neighbours are")
        return apart_mm
    nearest = float(distances.min())
    usual = nearest if apart_mm is None else apart_mm
    if nearest > _MOST_STEPS * usual:
        raise InvalidInputError(
            f"slices said to be {usual:.4g} mm apart, of which no two are closer than {nearest:.4g} mm"
        )
    span = float(heights.max())
    return span / max(1, round(span / usual))
