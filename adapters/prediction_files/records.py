"""Rows of a table or a document, whatever its format, each of one study."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from math import isnan
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.files.documents import read_file
from gliobench.domain.files.tables import (
    MOST_BYTES,
    MOST_ROWS,
    Row,
    column_key,
    delimiter_of,
    is_missing,
    number_in,
    read_rows,
    unescaped,
)
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.studies.metadata_join import is_id_column
from gliobench.domain.studies.study_ids import lost_zeros, study_id_of

STUDY_COLUMNS = tuple(
    map(
        column_key,
        (
            "study_id",
            "study",
            "SubjectID",
            "subject",
            "case_id",
            "case",
            "id",
            "patient_id",
            "patient",
        ),
    )
)
"""Keys of the columns that name a study; the first one counts, before those of other ids."""
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_OF_STUDIES = frozenset(map(column_key, ("study_id", "study", "case_id", "case", "id")))
"""Those that never name a patient, whose id may be that of another visit. Mere numbers may be of rows."""


class Table:
    """A file of rows, each of one study.

    Args:
        place: Its name, for messages.
        content: Of the file.
        columns: Keys of its columns; those that name studies are `id_columns`, in order of preference.
        rows: One after the other.
    """

    def __init__(
        self, place: str, content: bytes, columns: Iterable[str], rows: Iterable[Row]
    ) -> None:
        self.place, self.columns = place, frozenset(columns)
        self.sha256 = sha256(content).hexdigest()
        self._rows = rows
        others = sorted(filter(names_studies, self.columns.difference(STUDY_COLUMNS)))
        self.id_columns = (*filter(self.columns.__contains__, STUDY_COLUMNS), *others)

    @classmethod
    def read(cls, path: DatasetPath) -> Table:
        """Read CSV with commas, semicolons or tabs, Parquet, JSON or JSON lines, by the name's ending.

        Raises:
            NotFoundError: There is no such file.
            InvalidInputError: It cannot be read, is no such table, or has no column for studies.
        """
        content, place = read_bytes(path), str(path)
        match path.name.lower().rpartition(".")[-1]:
            case "parquet" | "pq":
                table = cls._of_values(place, content, _from_parquet(content, place))
            case "json":
                table = cls._of_values(place, content, _from_json(content, place))
            case "jsonl" | "ndjson":
                table = cls._of_values(
                    place, content, [record for _, record in from_lines(content, place)]
                )
            case _:
                columns, rows = read_rows(content, place=place)
                has_commas = delimiter_of(content) != ","
                table = cls(
                    place, content, columns, map(_with_points, rows) if has_commas else rows
                )
        if not table.id_columns:
            raise InvalidInputError(
                f"{place}: row 1: no column names the study: wanted study_id, SubjectID, case or patient"
            )
        return table

    @classmethod
    def _of_values(cls, place: str, content: bytes, records: Sequence[Mapping[str, Any]]) -> Table:
        rows = [_row(record, number, place) for number, record in enumerate(records, start=1)]
        return cls(place, content, {column_key(name) for item in records for name in item}, rows)

    def by_study(self, study_ids: Collection[str] | None = None) -> Iterator[tuple[str, Row]]:
        """Pair each row with the id of its study.

        Args:
            study_ids: Every study that may be in it; None where they are not known.

        Raises:
            InvalidInputError: A row names no study, or two of them, or one without its zeros, or the table is
                damaged there.
        """
        known, said = frozenset(study_ids or ()), set[str]()
        for row in self._rows:
            cells = [row.cells[key] for key in _OF_STUDIES & row.cells.keys()]
            named = known & {
                study_id_of(unescaped(cell)) for cell in cells if isnan(number_in(cell))
            }
            if len(named) > 1:
                raise InvalidInputError(
                    f"{row.at}: names the studies {' and '.join(sorted(named))}: wanted one"
                )
            name = row.first(*self.id_columns)
            if name is None:
                raise InvalidInputError(f"{row.at}: no study is named: wanted its id")
            study_id = study_id_of(unescaped(name))
            said.add(study_id)
            yield study_id, row
        if lost := lost_zeros(sorted(said - known), known.difference(said)):
            raise InvalidInputError(
                f"{self.place}: {lost[0]} is no study, but may be {lost[1]}: wanted names with their zeros"
            )


def names_studies(column: str) -> bool:
    """Return whether a column with this key names studies or patients, such as "BraTS21 ID", and no mere rows."""
    return column in STUDY_COLUMNS or (column.endswith("id") and is_id_column(column))


def _with_points(row: Row) -> Row:
    """Write decimal commas as points, as they may stand where semicolons or tabs separate the cells."""
    cells = {
        key: cell.replace(",", ".")
        if _DECIMAL_COMMA.fullmatch(cell) and not names_studies(key)
        else cell
        for key, cell in row.cells.items()
    }
    return replace(row, cells=cells)


def read_bytes(path: DatasetPath) -> bytes:
    """Read a file, no more of it than a table may have.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It cannot be read, or is too large.
    """
    if not path.is_file():
        raise NotFoundError(f"no file {path}")
    return read_file(path, most_bytes=MOST_BYTES)


def from_lines(content: bytes, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Read JSON lines, each with its place for messages; blank ones are skipped.

    Raises:
        InvalidInputError: A line is no JSON object.
    """
    lines = content.decode("utf-8-sig", errors="surrogateescape").split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            at = f"{place}: line {number}"
            yield at, _object(_json(line, at), at)


def failure_in(row: Row) -> Failure | None:
    """Read why a program has no answer, from the columns `failure` and `failure_detail`.

    Raises:
        InvalidInputError: There is no such reason.
    """
    reason = row.first("failure")
    if reason is None:
        return None
    try:
        known = FailureReason(reason.lower())
    except ValueError as error:
        wanted = ", ".join(item.value for item in FailureReason)
        raise InvalidInputError(
            f"{row.at}: failure {shown(reason)}: wanted one of {wanted}"
        ) from error
    return Failure(known, unescaped(row.first("failuredetail") or row.at), row.first("raw"))


def _row(record: Mapping[str, Any], number: int, place: str) -> Row:
    cells = {column_key(name): _text(value) for name, value in record.items()}
    if len(cells) < len(record):
        _check_columns(record, f"{place}: row {number}")
    kept = {name: text for name, text in cells.items() if name and not is_missing(text)}
    return Row(f"{place}: row {number}", number, kept)


def _check_columns(record: Mapping[str, Any], at: str) -> None:
    """Refuse two columns of one name, as `read_rows` does: the second would hide the first."""
    keys = [column_key(name) for name in record]
    twice = [name for name, key in zip(record, keys, strict=True) if key and keys.count(key) > 1]
    if twice:
        names = " and ".join(map(shown, twice))
        raise InvalidInputError(f"{at}: columns {names} have one name: wanted one of them")


def _text(value: object) -> str:
    """Write a value as a cell: numbers to their last digit, lists and objects as JSON."""
    if isinstance(value, str | Decimal):
        return str(value).strip()
    return "" if value is None else json.dumps(value, default=str)


def _from_parquet(content: bytes, place: str) -> list[Mapping[str, Any]]:
    try:
        table = pq.read_table(BytesIO(content))
        if table.num_rows > MOST_ROWS:
            raise InvalidInputError(f"{place}: more than {MOST_ROWS:,} rows: wanted fewer")
        rows: list[Mapping[str, Any]] = table.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidInputError(f"{place}: no Parquet table: {error}") from error
    return rows


def _from_json(content: bytes, place: str) -> list[Mapping[str, Any]]:
    """Read a list of objects, or an object of objects or of answers by study."""
    document = _json(content.decode("utf-8-sig", errors="surrogateescape"), place)
    if isinstance(document, dict) and (column := _column_of(list(document.values()))):
        return [{"study_id": name, column: value} for name, value in document.items()]
    if isinstance(document, dict):
        return [_of_study(name, item, f"{place}: {shown(name)}") for name, item in document.items()]
    if not isinstance(document, list):
        raise InvalidInputError(f"{place}: wanted a list of objects, or objects by study")
    return [_object(item, f"{place}: row {at}") for at, item in enumerate(document, start=1)]


def _column_of(values: Sequence[object]) -> str | None:
    """Return the column that answers by study are of: grades in words, classes or probabilities; None for others."""
    types = {type(value) for value in values if value is not None}
    columns = {
        frozenset({str}): "grade",
        frozenset({int}): "prediction",
        frozenset({float}): "probability",
    }
    return columns.get(frozenset(types), "probability" if types == {int, float} else None)


def _of_study(name: str, value: object, at: str) -> Mapping[str, Any]:
    """Return an object with the study that it stands under, which it may also name itself."""
    record = _object(value, at)
    own = [key for key in record if column_key(key) == STUDY_COLUMNS[0]]
    if other := next((record[key] for key in own if str(record[key]) != name), None):
        raise InvalidInputError(f"{at}: names study {shown(other)} itself: wanted one study")
    return {"study_id": name, **{key: item for key, item in record.items() if key not in own}}


def _json(text: str, place: str) -> Any:  # noqa: ANN401 -- JSON holds anything
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"{place}: no JSON: {error}") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a key that stands twice: a study's second answer would hide its first."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(
            f"{shown(next(item for item in names if names.count(item) > 1))} stands twice"
        )
    return found


def _object(value: object, place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInputError(f"{place}: {shown(value)}: wanted an object")
    return value
