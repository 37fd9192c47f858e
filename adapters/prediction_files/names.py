"""Names of studies or patients: one a line, or a column of a table."""

from __future__ import annotations

from gliobench.adapters.prediction_files.records import STUDY_COLUMNS, Table, read_bytes
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import column_key, decoded
from gliobench.domain.studies.study_ids import study_id_of


def read_names(path: DatasetPath) -> frozenset[str]:
    """Read names, one a line or from the column of a table that names studies or patients.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, or names nothing.
    """
    content = read_bytes(path)
    lines = decoded(content).splitlines()
    header = (
        {column_key(cell) for cell in lines[0].replace(";", ",").split(",")} if lines else set()
    )
    if path.name.lower().endswith((".parquet", ".json", ".jsonl")) or header & {*STUDY_COLUMNS}:
        names = {study_id for study_id, _ in Table.read(path).by_study()}
    else:
        names = {study_id_of(line.strip()) for line in lines if line.strip()}
    if not names:
        raise InvalidInputError(f"{path}: names no study and no patient: wanted one a line")
    return frozenset(names)
