"""The rows of scores as a table, for any tool that reads Parquet."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from gliobench.domain.evaluation.score_rows import LATER, Kind, case_of, row_of, score_columns
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.labels.regions import NESTED, Region

TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.FLAG: pa.bool_(),
    Kind.WHOLE: pa.int32(),
    Kind.WHOLES: pa.list_(pa.int32()),
    Kind.NUMBERS: pa.list_(pa.float64()),
}


def score_schema(regions: Collection[Region] = NESTED) -> pa.Schema:
    """Name the columns of scores of masks in these regions; of others there is no column."""
    return pa.schema([(name, TYPES[kind]) for name, kind in score_columns(regions).items()])


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
