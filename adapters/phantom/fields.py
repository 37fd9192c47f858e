"""Smooth random fields: what makes every phantom irregular in its own way."""

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
"""A cubic B-spline reaches two knots to each side."""
KNOT_DEVIATION = 0.3319
"""Standard deviation that a 3D cubic B-spline leaves of white noise on its knots: (151/315)^1.5."""


def smooth_field(
    rng: np.random.Generator,
    axes_mm: AxesMm,
    *,
    scale_mm: float,
    extent_mm: Sequence[tuple[float, float]],
) -> Float32Array:
    """Draw a field that varies smoothly from place to place.

    The field belongs to the world, not to the voxels: the same draw over the same extent has the
    same value at the same millimetre, whatever the spacing.

    Args:
        rng: Where the chance comes from.
        axes_mm: Where the field is wanted.
        scale_mm: Distance over which it changes.
        extent_mm: Ends of the block that the field is drawn over; it is zero well beyond it.

    Returns:
        (I, J, K), of mean 0 and standard deviation 1.
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
    """Weigh the knots of a cubic B-spline: (N, knots) for N positions, in knots."""
    apart = np.abs(positions[:, None] - np.arange(knots))
    near = 2 / 3 - apart**2 + apart**3 / 2
    far = np.clip(2 - apart, 0, None) ** 3 / 6
    return np.where(apart < 1, near, far).astype(np.float32)
