"""Names of studies or patients: one a line, or a column of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isnan

from gliobench.adapters.prediction_files.records import Table, names_studies, read_bytes
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import (
    Row,
    column_key,
    decoded,
    delimiter_of,
    number_in,
    unescaped,
)
from gliobench.domain.messages import shown
from gliobench.domain.studies.study_ids import study_id_of

_OTHER_PARTS = frozenset(
    {"test", "testing", "testset", "val", "valid", "validation", "validationset"}
    | {"heldout", "holdout"}
)
"""Parts of a dataset that a model does not learn from."""
_NO = frozenset({"0", "false", "f", "no", "n"})


def read_names(path: DatasetPath) -> frozenset[str]:
    """Read names of training patients, one a line or from the column of a table.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, names nothing, or assigns a row to a part of the data that
            a model does not learn from.
    """
    content = read_bytes(path)
    lines = decoded(content).splitlines()
    header = map(column_key, lines[0].split(delimiter_of(content))) if lines else ()
    if path.name.lower().endswith((".parquet", ".json", ".jsonl")) or any(
        map(names_studies, header)
    ):
        table = Table.read(path)
        rows = (_trained(study_id, row) for study_id, row in table.by_study())
        names = {name for row in rows for name in _names_in(row, table.id_columns)}
    else:
        names = {study_id_of(line.strip()) for line in lines if line.strip()}
    if not names:
        raise InvalidInputError(f"{path}: names no study and no patient: wanted one a line")
    return frozenset(names)


def _names_in(row: Row, columns: Sequence[str]) -> Iterator[str]:
    """Yield the study and the patient of a row, but no number of the row beside them."""
    cells = [unescaped(row.cells[column]) for column in columns if column in row.cells]
    names = [cell for cell in cells if isnan(number_in(cell))]
    yield from map(study_id_of, names or cells)


def _trained(study_id: str, row: Row) -> Row:
    for column, cell in row.cells.items():
        value = column_key(cell)
        if value in _OTHER_PARTS or ("train" in column and value in _NO):
            raise InvalidInputError(
                f"{row.at}: {study_id} is in the part {column} = {shown(cell)}: wanted the rows only that "
                "the model was trained on"
            )
    return row
