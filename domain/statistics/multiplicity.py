"""What many tests at once leave of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gliobench.domain.errors import InvalidInputError


def holm(p: Sequence[float]) -> tuple[float, ...]:
    """Adjust the p-values of a family, so that one false alarm in all of it is as rare as stated.

    Args:
        p: In [0, 1], one a test of the family, in any order.

    Returns:
        In the same order; to be held against the level as they are. None for none.

    Raises:
        InvalidInputError: A p is not in [0, 1].

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand J Stat 1979.
    """
    values = np.asarray(p, dtype=np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        raise InvalidInputError(f"p-values {list(p)}: wanted numbers in [0, 1]")
    order = np.argsort(values, kind="stable")
    left = np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(left * values[order]))
    return tuple(float(one) for one in adjusted)
