"""The rows of scores as a table, for any tool that reads Parquet."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from sys import intern
from typing import final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gliobench.domain.evaluation.frames import Ragged
from gliobench.domain.evaluation.score_columns import LATER, Kind, score_columns
from gliobench.domain.evaluation.score_rows import case_of, row_of
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.stored_columns import StoredColumns
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import MeasureSet

TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.WHOLE: pa.int32(),
    Kind.WHOLES: pa.list_(pa.int32()),
    Kind.NUMBERS: pa.list_(pa.float64()),
}
_KINDS = score_columns()


def score_schema(
    regions: Collection[Region] = NESTED, sets: Collection[MeasureSet] = ()
) -> pa.Schema:
    """Name the columns of scores of masks in these regions, by these sets of measures too."""
    return pa.schema([(name, TYPES[kind]) for name, kind in score_columns(regions, sets).items()])


def score_table(scores: Sequence[CaseScore], schema: pa.Schema) -> pa.Table:
    """Lay scores out, sorted as given; all columns of a `score_schema` are there in every run."""
    return pa.Table.from_pylist([row_of(case) for case in scores], schema=schema)


def read_cases(batch: pa.RecordBatch, study_ids: pa.Array | None = None) -> list[CaseScore]:
    """Read studies' scores back from their rows: of these studies, or of all.

    Raises:
        LookupError, ValueError, TypeError: They are no rows of `score_table`.
    """
    if study_ids is not None:
        batch = batch.filter(pc.is_in(batch["study_id"], value_set=study_ids))
    return [case_of(row) for row in batch.to_pylist()]


def whole_rows(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Return rows all columns of a `score_schema`; those that older versions did not have are empty.

    Raises:
        LookupError, ValueError: They are no rows of `score_table`.
    """
    columns = [
        pa.nulls(len(batch), field.type)
        if field.name in LATER and field.name not in batch.schema.names
        else batch[field.name].cast(field.type)
        for field in schema
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


@final
class ArrowColumns(StoredColumns):
    """The columns of a batch of a score table."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch
        self._names = frozenset(batch.schema.names)

    def has(self, name: str) -> bool:
        """Return whether there is such a column, or an older version may lack it."""
        return name in LATER or name in self._names

    def there(self, name: str) -> BoolArray:
        """Return where a row has a value."""
        valid = self._column(name).is_valid()
        return np.asarray(valid.to_numpy(zero_copy_only=False), dtype=np.bool_)

    def words(self, name: str) -> NDArray[np.object_]:
        """Read words; equal ones are shared between runs over one cohort."""
        words, at = _distinct(self._column(name))
        return np.array([*map(intern, words), None], dtype=object)[at]

    def coded(self, name: str, code: Callable[[str], int], *, absent: int) -> NDArray[np.int64]:
        """Code words, each different one once."""
        words, at = _distinct(self._column(name))
        return np.array([*map(code, words), absent], dtype=np.int64)[at]

    def numbers(self, name: str) -> FloatArray:
        """Read numbers, or yes and no."""
        return _numbers(self._column(name))

    def lists(self, name: str) -> Ragged:
        """Read lists of numbers."""
        column = self._column(name)
        lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
        return Ragged(_numbers(column.flatten()), lengths.astype(np.intp))

    def _column(self, name: str) -> pa.Array:
        if name in LATER and name not in self._names:
            return pa.nulls(len(self._batch), TYPES[_KINDS[name]])
        return self._batch[name]


def _distinct(column: pa.Array) -> tuple[list[str], NDArray[np.int32]]:
    """List the different words, and where each row's is; -1 for none."""
    found = column.dictionary_encode()
    return found.dictionary.to_pylist(), found.indices.fill_null(-1).to_numpy(zero_copy_only=False)


def _numbers(column: pa.Array) -> FloatArray:
    numbers = column.cast(pa.float64()).fill_null(np.nan)
    return np.asarray(numbers.to_numpy(zero_copy_only=False))
