"""participants.tsv and sessions.tsv of BIDS: grade, site and patient of subjects and their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gliobench.adapters.nifti.bids.bids_folders import DERIVATIVES
from gliobench.adapters.nifti.bids.bids_names import SESSION, SUBJECT, Visit
from gliobench.application.datasets.name_mapping import NameMapping, SubjectRow
from gliobench.application.datasets.read_table import read_table
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row
from gliobench.domain.studies.study_ids import study_id_of
from gliobench.domain.studies.subjects import Subject, grade_in, site_in

PARTICIPANTS = "participants.tsv"
_PARTICIPANT, _SESSION = "participantid", "sessionid"
_PATIENT = ("patientid", "patient")


def read_subjects(home: DatasetPath, visits: Iterable[Visit]) -> NameMapping | None:
    """Read the tables of a dataset, or of that which it is derived from.

    A session's row takes precedence over its participant's.

    Returns:
        None where there is no participants.tsv.

    Raises:
        InvalidInputError: A table cannot be read, lacks the column of ids, or contradicts itself.
    """
    is_derived = home.parent.name == DERIVATIVES
    homes = [home, home.parent.parent] if is_derived else [home]
    found = next((place for place in homes if (place / PARTICIPANTS).is_file()), None)
    if found is None:
        return None
    participants = NameMapping.of(_participants(found / PARTICIPANTS), table=PARTICIPANTS)
    sessions = NameMapping.of(
        row
        for patient in sorted({visit.patient for visit in visits if visit.session})
        for row in _sessions(found / patient / f"{patient}_sessions.tsv", patient, participants)
    )
    return replace(
        participants,
        subjects={**participants.subjects, **sessions.subjects},
        strange={**participants.strange, **sessions.strange},
    )


def _participants(path: DatasetPath) -> Iterator[SubjectRow]:
    for row in _rows(path, _PARTICIPANT):
        name = _prefixed(row.cells[_PARTICIPANT], SUBJECT)
        patient = row.first(*_PATIENT)
        subject = Subject(study_id_of(patient) if patient else name, site=site_in(row))
        yield _graded(row, name, subject)


def _sessions(path: DatasetPath, patient: str, participants: NameMapping) -> Iterator[SubjectRow]:
    if not path.is_file():
        return
    for row in _rows(path, _SESSION):
        name = f"{patient}_{_prefixed(row.cells[_SESSION], SESSION)}"
        known = participants.subjects.get(patient, Subject(patient))
        yield _graded(row, name, replace(known, site=site_in(row) or known.site))


def _rows(path: DatasetPath, column: str) -> Iterator[Row]:
    columns, rows = read_table(path)
    if column not in columns:
        wanted = "participant_id" if column == _PARTICIPANT else "session_id"
        raise InvalidInputError(f"{path}: row 1: wanted a column {wanted}")
    return (row for row in rows if column in row.cells)


def _prefixed(name: str, key: str) -> str:
    return study_id_of(name if name.startswith(f"{key}-") else f"{key}-{name}")


def _graded(row: Row, name: str, subject: Subject) -> SubjectRow:
    """Read the grade; a WHO grade is none of ours: 3 is LGG for some and HGG for others."""
    try:
        grade, strange = grade_in(row), ""
    except InvalidInputError as error:
        grade, strange = None, f"{error}: the grade is not used"
    return SubjectRow(row, name, replace(subject, grade=grade or subject.grade), strange)
