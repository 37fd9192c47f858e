"""Orders in which the rows of a table may have been written, other than that of its names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from gliobench.domain.statistics.sampling import Indices

_DIGITS = re.compile(r"\d+")


def row_orders(names: Sequence[str]) -> Iterator[Indices]:
    """Yield orders in which a table may have been written: shifted by a row, reversed, 10 before or after 2."""
    rows = np.arange(len(names))
    yield np.roll(rows, 1)
    yield np.roll(rows, -1)
    yield rows[::-1]
    numbers = [[int(digits) for digits in _DIGITS.findall(name)] for name in names]
    by_number = np.array(sorted(rows.tolist(), key=numbers.__getitem__))
    yield by_number
    yield np.argsort(by_number)
