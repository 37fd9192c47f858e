"""The table of scores as columns of numbers, without making a case of every row."""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gliobench.adapters.parquet.score_rows import score_schema
from gliobench.domain.evaluation.case_columns import StoredColumns
from gliobench.domain.evaluation.frames import Ragged
from gliobench.domain.evaluation.score_rows import LATER
from gliobench.domain.geometry.grids import BoolArray, FloatArray

SCHEMA = score_schema()


@final
class ArrowColumns(StoredColumns):
    """The columns of a batch of a score table."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    def has(self, name: str) -> bool:
        """Return whether there is such a column, or an older version may lack it."""
        return name in LATER or name in self._batch.schema.names

    def there(self, name: str) -> BoolArray:
        """Return where a row has a value."""
        valid = self._column(name).is_valid()
        return np.asarray(valid.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def words(self, name: str) -> NDArray[np.object_]:
        """Read words; equal ones are shared between runs over one cohort."""
        words = self._column(name).to_pylist()
        return np.array([None if word is None else intern(word) for word in words], dtype=object)

    def coded(self, name: str, code: Callable[[str], int], *, absent: int) -> NDArray[np.int64]:
        """Code words, each different one once."""
        coded = self._column(name).dictionary_encode()
        numbers = np.array([*map(code, coded.dictionary.to_pylist()), absent], dtype=np.int64)
        at = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return np.asarray(numbers[at])

    def numbers(self, name: str) -> FloatArray:
        """Read numbers, or yes and no."""
        return _numbers(self._column(name))

    def lists(self, name: str) -> Ragged:
        """Read lists of numbers."""
        column = self._column(name)
        lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        return Ragged(_numbers(column.flatten()), lengths.astype(np.intp))

    def _column(self, name: str) -> pa.Array:
        if name in LATER and name not in self._batch.schema.names:
            return pa.nulls(len(self._batch), SCHEMA.field(name).type)
        return self._batch[name]


def _numbers(column: pa.Array) -> FloatArray:
    numbers = column.cast(pa.float64()).fill_null(np.nan)
    return np.asarray(numbers.to_numpy(zero_copy_only=False))
