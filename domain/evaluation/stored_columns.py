"""The columns of rows of scores, whatever holds the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from sys import intern
from typing import Protocol, final

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.frames import Ragged
from gliobench.domain.evaluation.score_rows import Row
from gliobench.domain.evaluation.scores import score_names
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.measures import EVERY_SET
from gliobench.domain.predictions.prediction import Form

_OF_SETS = {f"{Form.MASK.value}_{name}" for name in score_names(Form.MASK, sets=EVERY_SET)} - {
    f"{Form.MASK.value}_{name}" for name in score_names(Form.MASK)
}
"""Columns of measures that are asked for by sets."""


class StoredColumns(Protocol):
    """The columns of N rows of `score_rows.row_of`, whatever holds them.

    Contract:
        - A column of `LATER` may be missing: every value is absent then. Without another one, and of
          values of another kind, LookupError, ValueError or TypeError is raised.
    """

    def has(self, name: str) -> bool:
        """Return whether there is such a column, or an older version may lack it."""
        ...

    def there(self, name: str) -> BoolArray:
        """(N,) bool, where a value is not absent."""
        ...

    def words(self, name: str) -> NDArray[np.object_]:
        """(N,) str or None."""
        ...

    def coded(self, name: str, code: Callable[[str], int], *, absent: int) -> NDArray[np.int64]:
        """(N,) a number for each word."""
        ...

    def numbers(self, name: str) -> FloatArray:
        """(N,) numbers, 1.0 and 0.0 for yes and no; NaN where a value is absent."""
        ...

    def lists(self, name: str) -> Ragged:
        """(N,) lists of numbers; empty where one is absent."""
        ...


@final
class RowColumns(StoredColumns):
    """The columns of rows in memory."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def has(self, name: str) -> bool:
        """Return whether any row has such a score of a set; another column may be an empty one."""
        return name not in _OF_SETS or name in self._names

    @cached_property
    def _names(self) -> set[str]:
        return set().union(*self._rows)

    def there(self, name: str) -> BoolArray:
        """Return where a row has a value."""
        return np.array([row.get(name) is not None for row in self._rows], dtype=np.bool_)

    def words(self, name: str) -> NDArray[np.object_]:
        """Read words; equal ones are shared."""
        found = (row.get(name) for row in self._rows)
        return np.array([None if word is None else intern(word) for word in found], dtype=object)

    def coded(self, name: str, code: Callable[[str], int], *, absent: int) -> NDArray[np.int64]:
        """Code each word."""
        found = (row.get(name) for row in self._rows)
        return np.array([absent if word is None else code(word) for word in found], dtype=np.int64)

    def numbers(self, name: str) -> FloatArray:
        """Read numbers."""
        return np.array([row.get(name) for row in self._rows], dtype=np.float64)

    def lists(self, name: str) -> Ragged:
        """Read lists."""
        return Ragged.of([row.get(name) for row in self._rows])
