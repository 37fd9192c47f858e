"""name_mapping.csv: BraTS's table of subjects, whose ids changed over the years."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self

from gliobench.application.datasets.read_table import read_table
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key
from gliobench.domain.messages import shown
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.patients import is_sure
from gliobench.domain.studies.subjects import Subject, grade_in, patient_in, site_in, study_id_in

_FILE = "name_mapping.csv"
_FOLDERS_ABOVE_STUDY = 3
_STUDY_ID, _TCGA = column_key("study_id"), column_key("TCGA_TCIA_subject_ID")
_OF_A_YEAR = re.compile(r"brats\d{4}(subject)?id")
_SITE = re.compile(r"BraTS1\d_(?P<site>[^_]+)_.+", re.IGNORECASE)
_NEW_IN_2020 = "BraTS20-new"


class SubjectRow(NamedTuple):
    """What a row of a table says of an id, and which grade in it is not understood, in words."""

    row: Row
    name: str
    subject: Subject
    strange: str = ""


@dataclass(frozen=True)
class NameMapping:
    """Subjects by all of their ids.

    Args:
        subjects: Subject by id.
        repeated: Numbers of two identical rows of an id, by id; the second one is redundant.
        strange: Grades that are neither LGG nor HGG and are not used, by id, in words.
        table: What it is called.
    """

    subjects: Mapping[str, Subject] = field(default_factory=dict)
    repeated: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    strange: Mapping[str, str] = field(default_factory=dict)
    table: str = "the name mapping"

    @classmethod
    def near(cls, folder: DatasetPath) -> NameMapping:
        """Read the mapping that belongs to a study; empty if there is none.

        It is searched for in the study's folder and up to three above it, and in a folder `tables` in
        each of these.

        Raises:
            InvalidInputError: It cannot be read, or is not a name mapping.
        """
        above = (folder, *folder.parents[:_FOLDERS_ABOVE_STUDY])
        candidates = (place / _FILE for home in above for place in (home, home / "tables"))
        found = next((path for path in candidates if path.is_file()), None)
        return cls() if found is None else cls.read(found)

    @classmethod
    def read(cls, path: DatasetPath) -> NameMapping:
        """Read a mapping.

        Raises:
            InvalidInputError: It cannot be read, is not a name mapping, or contradicts itself.
        """
        columns, rows = read_table(path)
        of_ids = _columns_of_ids(columns)
        if "grade" not in columns or not of_ids:
            raise InvalidInputError(
                f"{path}: row 1: wanted columns Grade and BraTS_<year>_subject_ID or study_id"
            )
        return cls.of(
            SubjectRow(row, name, subject)
            for row in rows
            for name, subject in _subject_by_id(row, of_ids).items()
        )

    @classmethod
    def of(cls, rows: Iterable[SubjectRow], *, table: str = "the name mapping") -> Self:
        """Collect the rows of a table.

        Raises:
            InvalidInputError: Two of them contradict each other.
        """
        found: dict[str, SubjectRow] = {}
        repeated: dict[str, tuple[int, int]] = {}
        for said in rows:
            first = found.setdefault(said.name, said)
            if first.subject != said.subject:
                was = _described(first.subject, said.subject)
                is_now = _described(said.subject, first.subject)
                raise InvalidInputError(
                    f"{said.row.at}: {said.name} has {is_now}, in row {first.row.number} it has {was}: "
                    "wanted one row for each study"
                )
            if first.row is not said.row:
                repeated[said.name] = (first.row.number, said.row.number)
        return cls(
            {name: said.subject for name, said in found.items()},
            repeated,
            {name: said.strange for name, said in found.items() if said.strange},
            table,
        )

    def subject(self, study_id: str, *, patient: str | None = None) -> Subject:
        """Return what is known of a study: at least its patient's id, from the study's own.

        A row of the study takes precedence over one of its patient.

        Args:
            study_id: The study.
            patient: The patient by the folders, if known; a table takes precedence.
        """
        named = Subject.named(study_id)
        own = self.subjects.get(study_id, named)
        if own.patient_id == named.patient_id and patient is not None:
            own = replace(own, patient_id=patient)
        if study_id in self.subjects or not (is_sure(study_id) or patient):
            return own
        return self.subjects.get(own.patient_id, own)

    def strange_grade(self, study_id: str, patient: str | None) -> str | None:
        """Return why a study's grade in the table is not used; None where it is, or there is none."""
        return self.strange.get(study_id) or self.strange.get(patient or "")

    def notes(self, study_id: str, patient: str | None) -> list[Fault]:
        """Report a study's repeated rows, its strange grade, and where other studies have rows only."""
        notes: list[Fault] = []
        if rows := self.repeated.get(study_id):
            detail = f"rows {rows[0]} and {rows[1]} of {self.table} say the same"
            notes.append(Fault(study_id, FaultKind.REPEATED_ROW, detail))
        if strange := self.strange_grade(study_id, patient):
            notes.append(Fault(study_id, FaultKind.MISSING_GRADE, strange))
        named = {study_id, self.subject(study_id, patient=patient).patient_id}
        if self.subjects and not named & self.subjects.keys():
            notes.append(Fault(study_id, FaultKind.MISSING_GRADE, self._without_row(study_id)))
        return notes

    def _without_row(self, study_id: str) -> str:
        if other := self._as_spelled.get(study_id.casefold()):
            return f"{self.table} spells it {shown(other)}, in other capitals: its row is not used"
        first = shown(next(iter(self.subjects)))
        return f"{self.table} has no row for it: its first row names {first}"

    @cached_property
    def _as_spelled(self) -> dict[str, str]:
        return {name.casefold(): name for name in self.subjects}


def _columns_of_ids(columns: Collection[str]) -> list[str]:
    """Return the columns of ids, the newest first."""
    of_years = sorted((column for column in columns if _OF_A_YEAR.fullmatch(column)), reverse=True)
    return [*({_STUDY_ID} & set(columns)), *of_years, *({_TCGA} & set(columns))]


def _subject_by_id(row: Row, of_ids: Collection[str]) -> dict[str, Subject]:
    """Read a row; a row without an id is ignored."""
    grade = grade_in(row)
    ids = [study_id_in(row, row.cells[name]) for name in of_ids if name in row.cells]
    if not ids:
        return {}
    subject = replace(Subject.named(ids[0]), grade=grade, site=site_in(row) or _site(ids))
    if patient := patient_in(row):
        subject = replace(subject, patient_id=patient)
    return dict.fromkeys(ids, subject)


def _site(ids: list[str]) -> str | None:
    """Read the site from an id of 2017 to 2019; ids of 2020 contain none."""
    for name in ids:
        if match := _SITE.fullmatch(name):
            return match["site"]
    return _NEW_IN_2020 if any(name.startswith("BraTS20_") for name in ids) else None


def _described(subject: Subject, other: Subject) -> str:
    """Describe how a subject differs from another."""
    if subject.grade != other.grade:
        return f"grade {subject.grade.value}" if subject.grade else "no grade"
    if subject.patient_id != other.patient_id:
        return f"patient {subject.patient_id}"
    return f"site {subject.site}" if subject.site else "no site"
