"""Smooth random fields, which make every phantom irregular."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.resampling import resample

Float32Array: TypeAlias = NDArray[np.float32]
AxesMm: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]
"""World coordinates of the voxel centres along i, j and k."""

REACH_KNOTS = 2
"""A cubic B-spline extends two knots to each side."""
KNOT_DEVIATION = 0.3319
"""Standard deviation of white noise on the knots of a 3D cubic B-spline: (151/315)^1.5."""


def smooth_field(
    rng: np.random.Generator,
    axes_mm: AxesMm,
    *,
    scale_mm: float,
    extent_mm: Sequence[tuple[float, float]],
) -> Float32Array:
    """Draw a smoothly varying field.

    The field is defined in the world, not on voxels: the same draw over the same extent has the same value
    at the same millimetre for every spacing.

    Args:
        rng: The random generator.
        axes_mm: Coordinates at which the field is evaluated.
        scale_mm: Distance over which it changes.
        extent_mm: Ends of the block over which the field is drawn; it is zero well beyond it.

    Returns:
        (I, J, K), mean 0 and standard deviation 1.
    """
    counts = [int((stop - start) / scale_mm) + 2 + 2 * REACH_KNOTS for start, stop in extent_mm]
    knots = rng.standard_normal(counts, dtype=np.float32) / np.float32(KNOT_DEVIATION)
    return resample(
        knots,
        [
            _spline_weights(count, (mm - start) / scale_mm + REACH_KNOTS)
            for count, mm, (start, _) in zip(counts, axes_mm, extent_mm, strict=True)
        ],
    )


def _spline_weights(knots: int, positions: NDArray[np.float64]) -> Float32Array:
    """Return the weights of a cubic B-spline: (N, knots) for N positions, in knots."""
    apart = np.abs(positions[:, None] - np.arange(knots))
    near = 2 / 3 - apart**2 + apart**3 / 2
    far = np.clip(2 - apart, 0, None) ** 3 / 6
    return np.where(apart < 1, near, far).astype(np.float32)
