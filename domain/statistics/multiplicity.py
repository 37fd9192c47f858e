"""Holm's correction for multiple tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gliobench.domain.errors import InvalidInputError


def holm(p: Sequence[float], weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """Adjust the p values of a family to control its familywise error rate.

    Args:
        p: In [0, 1], one per test of the family, in any order.
        weights: > 0, the share of the family's level for each test; None for equal shares.

    Returns:
        In the same order; to be compared with the level directly. Empty for no tests.

    Raises:
        InvalidInputError: A p is not in [0, 1], or a weight is not positive.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand J Stat 1979.
    """
    values = np.asarray(p, dtype=np.float64)
    shares = np.ones(len(values)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InvalidInputError(f"p-values {list(p)}: wanted numbers in [0, 1]")
    if len(shares) != len(values) or not (shares > 0).all():
        raise InvalidInputError(f"weights {shares.tolist()}: wanted {len(values)} positive numbers")
    order = np.argsort(values / shares, kind="stable")
    left = np.cumsum(shares[order][::-1])[::-1]
    adjusted = np.empty_like(values)
    scaled = left * (values / shares)[order]
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return tuple(float(item) for item in adjusted)
