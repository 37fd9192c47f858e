"""Neighbours of voxels: regions grown by one, their surfaces, and distances up to a reach.

In NumPy alone: SciPy's `ndimage` takes a quarter of a second to import, more than these take.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray


def spread(mask: BoolArray, axis: int) -> BoolArray:
    """Grow a mask by one voxel both ways along an axis; of any number of axes."""
    grown = mask.copy()
    along, wider = np.moveaxis(mask, axis, 0), np.moveaxis(grown, axis, 0)
    wider[1:] |= along[:-1]
    wider[:-1] |= along[1:]
    return grown


def grown(mask: BoolArray) -> BoolArray:
    """Grow a mask by the voxels that share a face with it."""
    return reduce(np.logical_or, (spread(mask, axis) for axis in range(mask.ndim)))


def surface(mask: BoolArray) -> BoolArray:
    """Return the voxels of a mask that share a face with one outside, or with the end of the array."""
    outside = np.pad(~mask, 1, constant_values=True)
    return mask & grown(outside)[(slice(1, -1),) * mask.ndim]


def squared_distances(
    mask: BoolArray, *, edges_mm: Sequence[float], reach_mm: float
) -> NDArray[np.float64]:
    """Measure from each voxel's centre to the nearest one of a mask.

    Args:
        mask: bool, of any number of axes.
        edges_mm: Of a voxel along each; `inf` where no distance is measured along an axis.
        reach_mm: Up to which distances are exact.

    Returns:
        mm², of the mask's shape: 0 on the mask; beyond the reach any larger number, or `inf`.
    """
    squares = np.where(mask, 0.0, np.inf)
    for axis, edge_mm in enumerate(edges_mm):
        before = np.moveaxis(squares, axis, 0)
        after = before.copy()
        for step in range(1, min(int(reach_mm / edge_mm), len(before) - 1) + 1):
            further = before + (step * edge_mm) ** 2
            np.minimum(after[step:], further[:-step], out=after[step:])
            np.minimum(after[:-step], further[step:], out=after[:-step])
        squares = np.moveaxis(after, 0, axis)
    return squares
