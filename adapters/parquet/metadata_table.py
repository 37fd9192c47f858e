"""A user's table in Parquet."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import MOST_ROWS, Row, column_key, is_missing
from gliobench.domain.studies.metadata import MetadataTable

MAGIC = b"PAR1"
"""How a file of Parquet begins."""


def parquet_metadata(content: bytes, *, place: str) -> MetadataTable:
    """Read a table; numbers, truth values and dates become text as a spreadsheet would show them.

    Raises:
        InvalidInputError: It is no table of Parquet, has too many rows, a nested column, or two columns
            of one name.
    """
    try:
        table = pq.read_table(pa.BufferReader(content))
        columns = {name: table[at].to_pylist() for at, name in enumerate(table.column_names)}
    except (pa.ArrowException, OSError, ValueError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{place} is no table of Parquet: {error}") from error
    headings = {column_key(name): name for name in table.column_names if column_key(name)}
    if len(headings) < len(table.column_names) or not headings:
        raise InvalidInputError(
            f"{place}: wanted columns with different names of letters or digits"
        )
    if table.num_rows > MOST_ROWS or any(pa.types.is_nested(kind) for kind in table.schema.types):
        raise InvalidInputError(f"{place}: wanted at most {MOST_ROWS:,} rows of plain columns")
    rows = tuple(
        Row(
            f"{place}: row {at + 2}",
            at + 2,
            _cells({key: columns[name][at] for key, name in headings.items()}),
        )
        for at in range(table.num_rows)
    )
    return MetadataTable(place, headings, rows, sha256(content).hexdigest())


def _cells(values: Mapping[str, object]) -> dict[str, str]:
    """Return the cells that are not missing, as text: a whole float as pandas makes it, 66.0, is 66."""
    texts = {
        key: f"{value:.0f}"
        if isinstance(value, float) and value.is_integer()
        else str(value).strip()
        for key, value in values.items()
        if value is not None
    }
    return {key: text for key, text in texts.items() if not is_missing(text)}
