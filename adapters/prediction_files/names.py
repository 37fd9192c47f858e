"""Names of studies or patients: one a line, or a column of a table."""

from __future__ import annotations

from gliobench.adapters.prediction_files.records import STUDY_COLUMNS, Table, read_bytes
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key, decoded
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
    header = (
        {column_key(cell) for cell in lines[0].replace(";", ",").split(",")} if lines else set()
    )
    if path.name.lower().endswith((".parquet", ".json", ".jsonl")) or header & {*STUDY_COLUMNS}:
        names = {_trained(study_id, row) for study_id, row in Table.read(path).by_study()}
    else:
        names = {study_id_of(line.strip()) for line in lines if line.strip()}
    if not names:
        raise InvalidInputError(f"{path}: names no study and no patient: wanted one a line")
    return frozenset(names)


def _trained(study_id: str, row: Row) -> str:
    for column, cell in row.cells.items():
        value = column_key(cell)
        if value in _OTHER_PARTS or ("train" in column and value in _NO):
            raise InvalidInputError(
                f"{row.at}: {study_id} is in the part {column} = {shown(cell)}: wanted the rows only that "
                "the model was trained on"
            )
    return study_id
