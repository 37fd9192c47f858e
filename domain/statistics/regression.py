"""Linear regression in many bootstrap cohorts at once."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.ratios import ratio

SAME = 1e-12
"""Relative spread below which numbers count as equal."""


def slope_and_r_squared(weights: FloatArray, *, x: FloatArray, y: FloatArray) -> FloatArray:
    """Fit y = a + slope · x by least squares.

    Args:
        weights: (R, N).
        x: (N,) what is known, such as where tumours are.
        y: (N,) what is said of it.

    Returns:
        (R, 2), the slope and R². Both are NaN where all x are the same; R², the share of y's
        variance that the line explains, is NaN too where all y are.
    """
    # about their middles, since moments of numbers far from zero cancel out
    x, y = x - x.mean(), y - y.mean()
    moments = weights @ np.column_stack([np.ones_like(x), x, y, x * x, y * y, x * y])
    total, *others = moments.T
    mean_x, mean_y, xx, yy, xy = (ratio(other, total) for other in others)
    var_x = _or_zero(xx - mean_x**2, than=float(np.max(x * x, initial=0.0)))
    var_y = _or_zero(yy - mean_y**2, than=float(np.max(y * y, initial=0.0)))
    covariance = xy - mean_x * mean_y
    slope = ratio(covariance, var_x)
    return np.column_stack([slope, ratio(covariance**2, var_x * var_y)])


def _or_zero(variance: FloatArray, *, than: float) -> FloatArray:
    return np.where(variance > SAME * than, variance, 0.0)
