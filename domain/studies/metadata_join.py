"""Which row of a user's table belongs to which study."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row
from gliobench.domain.messages import shown
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.study_ids import lost_zeros, study_id_of

_ID = re.compile(
    r"(?=.)(brats\d*|tcga|tcia|tcgatcia|ucsf|upenn)?"
    r"(study|subject|patient|participant|case|scan|exam)?(id|identifier|name|number|no|nr)?"
)
"""The keys of columns that usually name studies or patients, such as "BraTS21 ID" and "SubjectID"."""
_PATIENT = re.compile(r"patient|participant|subject")
_UCSF = re.compile(r"(ucsf-pdgm-)0*(\d+)(_nifti)?", re.IGNORECASE)
"""UCSF-PDGM's table writes a patient's number with three digits, its folders with four."""
_BIDS = "sub-"
"""Some tables leave it out."""


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
    best = _only(table, _sound(table, for_studies or joins), study_ids)
    rows = [best.rows.get(at) for at in range(len(study_ids))]
    _check_zeros(table, best, study_ids if for_studies else patients)
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
    """The studies that a column names: their rows, the numbers of rows that name none, and rows of one study."""

    column: str
    places: Mapping[str, list[int]]
    rows: Mapping[int, Row]
    unmatched: tuple[int, ...]
    pairs: tuple[tuple[Row, Row], ...]

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
        unmatched, pairs = [], []
        for row in table.rows:
            found = places.get(joined_name(row.cells.get(column, "")), [])
            if not found:
                unmatched.append(row.number)
            firsts = (rows.setdefault(at, row) for at in found)
            pairs += [(first, row) for first in firsts if first is not row]
        return cls(column, places, rows, tuple(unmatched), tuple(pairs))


def _sound(table: MetadataTable, joins: Sequence[_Join]) -> list[_Join]:
    """Leave out a column of patients with visits that differ, where another one names the studies.

    Raises:
        InvalidInputError: Two rows of one study differ, and no other column distinguishes them.
    """
    faults = {join.column: fault for join in joins if (fault := _fault(table, join))}
    sound = [join for join in joins if join.column not in faults]
    for column, fault in faults.items():
        if not (sound and _PATIENT.match(column)):
            raise InvalidInputError(fault)
    return sound


def _fault(table: MetadataTable, join: _Join) -> str:
    """Describe how two rows of one study differ; empty where none do."""
    for one, other in join.pairs:
        for key, heading in table.headings.items():
            if one.cells.get(key) != other.cells.get(key) and not is_id_column(key):
                return (
                    f"{table.place}: rows {one.number} and {other.number} have the same "
                    f"{table.headings[join.column]!r} and differ in {heading!r}: wanted one row, or equal ones"
                )
    return ""


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


def _check_zeros(table: MetadataTable, join: _Join, names: Sequence[str]) -> None:
    """Refuse rows whose study is named without its zeros: they would be left out, and others not."""
    without = {name for at, name in enumerate(names) if at not in join.rows}
    left_over = set(join.unmatched)
    cells = [row.cells.get(join.column, "") for row in table.rows if row.number in left_over]
    if lost := lost_zeros(cells, without):
        raise InvalidInputError(
            f"{table.place}: {lost[0]} is no study, but may be {lost[1]}: wanted names with their zeros"
        )


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
