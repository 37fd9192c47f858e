"""A user's table about patients or studies, and which of its rows belongs to which study."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from math import isfinite
from unicodedata import normalize

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key, delimiter_of, number_in, read_rows
from gliobench.domain.messages import shown
from gliobench.domain.studies.study_ids import study_id_of
from gliobench.domain.studies.unknown_codes import code_among_quantities

_ID = re.compile(
    r"(?=.)(brats\d*|tcga|tcia|tcgatcia|ucsf|upenn)?"
    r"(study|subject|patient|participant|case|scan|exam)?(id|identifier|name|number|no|nr)?"
)
"""The keys of columns that usually name studies or patients, such as "BraTS21 ID" and "SubjectID"."""
_GROUPED = re.compile(
    r"[+-]?[1-9]\d{0,2}(?P<by>[.,])\d{3}(?P<more>((?P=by)\d{3})*([.,]\d+)?)", re.ASCII
)
"""A number whose thousands may be separated."""
_SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?P<by>[ '’])\d{3}((?P=by)\d{3})*([.,]\d+)?", re.ASCII)
"""A number whose thousands are separated by what is in no other number."""
_HYPHENS = str.maketrans(dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""What programs write for a hyphen or a minus."""
_UCSF = re.compile(r"(ucsf-pdgm-)0*(\d+)(_nifti)?", re.IGNORECASE)
"""UCSF-PDGM's table writes a patient's number with three digits, its folders with four."""
_BIDS = "sub-"
"""Some tables leave it out."""


@dataclass(frozen=True, eq=False)
class MetadataTable:
    """Rows about studies or patients.

    Args:
        place: The file, for messages.
        headings: Of the columns as written, by their keys.
        rows: In order.
        sha256: Of the file.
        decimal_comma: Whether numbers may have one: not where commas separate the cells.
    """

    place: str
    headings: Mapping[str, str]
    rows: tuple[Row, ...]
    sha256: str
    decimal_comma: bool = False

    @classmethod
    def of_text(cls, content: bytes, *, place: str) -> MetadataTable:
        """Read a table separated by commas, semicolons or tabs, in UTF-8 or UTF-16.

        Raises:
            InvalidInputError: As `read_rows`, or it is a spreadsheet or in another encoding.
        """
        headings, rows = read_rows(content, place=place)
        read = tuple(rows)
        for at, text in [
            (1, list(headings.values())),
            *((r.number, r.cells.values()) for r in read),
        ]:
            if any(not cell.isprintable() and _is_undecoded(cell) for cell in text):
                raise InvalidInputError(
                    f"{place}: row {at} is not in UTF-8, perhaps in Latin-1: save the table as UTF-8"
                )
        return cls(
            place,
            headings,
            read,
            sha256(content).hexdigest(),
            decimal_comma=delimiter_of(content) != ",",
        )

    def column(self, name: str) -> str:
        """Return the key of a column, however its name is written.

        Raises:
            InvalidInputError: There is no such column.
        """
        if (key := column_key(name)) not in self.headings:
            known = ", ".join(self.headings.values())
            raise InvalidInputError(
                f"{self.place}: there is no column {shown(name)}: wanted one of {known}"
            )
        return key

    def number(self, cell: str) -> float | None:
        """Read a number, with a decimal comma where the table may have one; None for other text.

        Thousands may be separated by spaces or apostrophes.
        """
        text = plain(cell)
        if _SPACED.fullmatch(text):
            text = re.sub("[ '’]", "", text)
        text = text.replace(",", ".") if self.decimal_comma and "." not in text else text
        number = number_in(text)
        return number if isfinite(number) else None

    def check_numbers(self, key: str) -> None:
        """Check that no number of a column may be a thousand times another, or stand for "unknown".

        Raises:
            InvalidInputError: One may be.
        """
        place = f"{self.place}: column {shown(self.headings[key])}"
        if cell := self.separated(key):
            raise InvalidInputError(
                f"{place}: {shown(cell)} may have a separator of thousands: wanted numbers without"
            )
        if (code := self.code(key)) is not None:
            raise InvalidInputError(
                f"{place}: {code:g} may stand for unknown: wanted such cells empty"
            )

    def code(self, key: str) -> float | None:
        """Return a number of a column that may stand for "unknown", such as -1."""
        found = (self.number(row.cells.get(key, "")) for row in self.rows)
        return code_among_quantities([number for number in found if number is not None])

    def separated(self, key: str) -> str | None:
        """Return a number of a column whose thousands may be separated, such as 1,234 between tabs."""
        cells = [row.cells[key] for row in self.rows if key in row.cells]
        groups = {cell: found for cell in cells if (found := _GROUPED.fullmatch(cell))}
        others = [cell for cell in cells if cell not in groups and self.number(cell) is not None]
        has_comma, has_point = (any(mark in cell for cell in others) for mark in ",.")
        may_group = self.decimal_comma and not has_point and any(map(str.isdecimal, others))
        for cell, found in groups.items():
            is_decimal = (
                self.decimal_comma and has_comma
                if found["by"] == ","
                else not has_comma and not (may_group and _are_below_1000(others))
            )
            if found["more"] or not is_decimal:
                return cell
        return None

    def meaning(self, cell: str) -> float | str:
        """Return what equal cells share: a whole number, or else the text in any case.

        Other numbers stay texts, for 1.1 and 1.10 may be versions.
        """
        number = self.number(cell)
        text = plain(cell).casefold()
        return text if number is None or not number.is_integer() else number


def _are_below_1000(cells: Sequence[str]) -> bool:
    return all(len(cell) < 4 for cell in cells)


def plain(text: str) -> str:
    """Return a text with one kind of spaces, each once, and of hyphens."""
    return " ".join(normalize("NFC", text).translate(_HYPHENS).split())


def _is_undecoded(cell: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in cell)


@dataclass(frozen=True, eq=False)
class JoinedMetadata:
    """A table beside N studies.

    Args:
        table: The table.
        id_column: Key of the column that names the studies or patients.
        by_patient: Whether it names patients.
        rows: (N,) the row of each study; None where there is none.
        unmatched: Numbers of the rows that name no study.
        id_columns: Keys of all columns that name studies or patients, here or by their heading.
    """

    table: MetadataTable
    id_column: str
    by_patient: bool
    rows: tuple[Row | None, ...]
    unmatched: tuple[int, ...]
    id_columns: frozenset[str]

    @property
    def of_studies(self) -> MetadataTable:
        """The rows of studies alone, without sums, units and other cohorts."""
        return replace(self.table, rows=tuple(filter(None, self.rows)))

    def cells(self, column: str) -> list[str | None]:
        """Return each study's cell of a column, (N,); None where it is empty or there is no row.

        Cells of one meaning, such as 1 and 1.0, are written as the first of them.
        """
        said = [row.cells.get(column) if row else None for row in self.rows]
        first: dict[float | str, str] = {}
        return [cell and first.setdefault(self.table.meaning(cell), cell) for cell in said]


def join(
    table: MetadataTable,
    study_ids: Sequence[str],
    patients: Sequence[str],
    *,
    id_column: str | None = None,
) -> JoinedMetadata:
    """Find each study's row, by the study's id or else by the patient's.

    Args:
        table: The table.
        study_ids: (N,).
        patients: (N,) whose studies they are.
        id_column: Name of the column to join by; None takes the one with a usual name that names any
            of these studies.

    Raises:
        InvalidInputError: No column names a study, several do and disagree, or two rows of one study
            differ.
    """
    by_study, by_patient = _places(study_ids), _places(patients)
    named = [key for key in table.headings if is_id_column(key)]
    wanted = [table.column(id_column)] if id_column else named
    found = [_Join.best(table, column, by_study, by_patient) for column in wanted]
    joins = [item for item in found if item.rows]
    for_studies = [item for item in joins if item.places is by_study]
    best = _only(table, for_studies or joins, study_ids)
    rows = [best.rows.get(at) for at in range(len(study_ids))]
    return JoinedMetadata(
        table,
        best.column,
        by_patient=not for_studies,
        rows=tuple(rows),
        unmatched=best.unmatched,
        id_columns=frozenset({best.column, *named, *_naming(table, by_study, by_patient)}),
    )


@dataclass(frozen=True, eq=False)
class _Join:
    """The studies that a column names: their rows, and the numbers of rows that name none."""

    column: str
    places: Mapping[str, list[int]]
    rows: Mapping[int, Row]
    unmatched: tuple[int, ...]

    @classmethod
    def best(
        cls,
        table: MetadataTable,
        column: str,
        by_study: Mapping[str, list[int]],
        by_patient: Mapping[str, list[int]],
    ) -> _Join:
        """Join by study, or by patient where that leaves fewer rows over: a single visit may bear its patient's name."""
        found = cls._of(table, column, by_study)
        other = cls._of(table, column, by_patient) if found.unmatched else found
        return other if len(other.unmatched) < len(found.unmatched) else found

    @classmethod
    def _of(cls, table: MetadataTable, column: str, places: Mapping[str, list[int]]) -> _Join:
        rows: dict[int, Row] = {}
        unmatched = []
        for row in table.rows:
            found = places.get(joined_name(row.cells.get(column, "")), [])
            if not found:
                unmatched.append(row.number)
            for at in found:
                _check_same(table, column, rows.setdefault(at, row), row)
        return cls(column, places, rows, tuple(unmatched))


def _check_same(table: MetadataTable, column: str, one: Row, other: Row) -> None:
    """Refuse two rows of one study that differ."""
    if one is other:
        return
    for key, heading in table.headings.items():
        if one.cells.get(key) != other.cells.get(key) and not is_id_column(key):
            raise InvalidInputError(
                f"{table.place}: rows {one.number} and {other.number} have the same "
                f"{table.headings[column]!r} and differ in {heading!r}: wanted one row, or equal ones"
            )


def _only(table: MetadataTable, joins: Sequence[_Join], study_ids: Sequence[str]) -> _Join:
    """Choose the join; several have to agree."""
    if not joins:
        columns = ", ".join(table.headings.values())
        example = study_ids[0] if study_ids else "none"
        raise InvalidInputError(
            f"{table.place}: no column names a study such as {shown(example)}: wanted a column study_id "
            f"or patient_id, or report.id_column set to one of {columns}"
        )
    first = joins[0]
    for other in joins[1:]:
        if any(other.rows.get(at, row) is not row for at, row in first.rows.items()):
            names = " and ".join(repr(table.headings[item.column]) for item in (first, other))
            raise InvalidInputError(
                f"{table.place}: {names} both name studies and disagree: set report.id_column to one"
            )
    return max(joins, key=lambda found: len(found.rows))


def _naming(table: MetadataTable, *places: Mapping[str, list[int]]) -> Iterator[str]:
    """Yield the columns of which any cell is the name of a study or a patient, and no mere number."""
    for key in table.headings:
        cells = {row.cells.get(key, "") for row in table.rows}
        names = {joined_name(cell) for cell in cells if table.number(cell) is None}
        if any(not names.isdisjoint(known) for known in places):
            yield key


def _places(names: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for at, name in enumerate(names):
        places[joined_name(name)].append(at)
    return dict(places)


def is_id_column(key: str) -> bool:
    """Return whether a column with this key usually names studies or patients."""
    return _ID.fullmatch(key) is not None


def joined_name(name: str) -> str:
    """Return what the names of a study or a patient share in a table and in a dataset."""
    return _UCSF.sub(r"\1\2", study_id_of(name)).removeprefix(_BIDS)
