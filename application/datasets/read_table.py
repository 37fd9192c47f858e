"""Read a table that lies in a dataset."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import MOST_BYTES, Row, read_rows


def read_table(path: DatasetPath) -> tuple[Mapping[str, str], Iterator[Row]]:
    """Read a table of a dataset, no more of it than a table may have.

    Returns:
        As `read_rows` does.

    Raises:
        InvalidInputError: It cannot be read, or, at once or while rows are read, is no such table.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InvalidInputError(f"{path}: cannot be read: {error.strerror or error}") from error
    return read_rows(content, place=str(path))
