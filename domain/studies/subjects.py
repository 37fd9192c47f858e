"""Patient, grade and site of studies, as given in tables."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.patients import patient_of
from gliobench.domain.studies.study import Grade, Origin
from gliobench.domain.studies.study_ids import study_id_of, why_no_file_name

PATIENT_COLUMNS = ("patientid", "patient", "participantid", "participant")
"""Keys of the columns that name a patient; the first one counts."""
_SUBJECTS, _STUDY = ("subjectid", "subject"), "studyid"
"""Those that name a patient where they stand beside the name of a study, and say something else."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a study before it is opened.

    Args:
        patient_id: The same for all studies of the patient, in any folder.
        grade: None where unknown.
        site: The acquisition site, e.g. CBICA, TCIA10, 2013; None where unknown.
    """

    patient_id: str
    grade: Grade | None = None
    site: str | None = None

    @property
    def origin(self) -> Origin:
        """Patient and site, without the reference."""
        return Origin(self.patient_id, self.site)

    @classmethod
    def named(cls, study_id: str) -> Subject:
        """Derive a study's subject from its id."""
        return cls(patient_id=patient_of(study_id).id)


def study_id_in(row: Row, name: str) -> str:
    """Read a study's id from a cell.

    Raises:
        InvalidInputError: No folder or file can have this name.
    """
    if why := why_no_file_name(name):
        raise InvalidInputError(f"{row.at}: study id {shown(name)} {why}: wanted the study's name")
    return study_id_of(name)


def patient_in(row: Row) -> str | None:
    """Read the patient's id from a row; None where it has none."""
    name = row.first(*PATIENT_COLUMNS)
    if name is None and (study := row.first(_STUDY)) is not None:
        subject = row.first(*_SUBJECTS)
        name = None if subject == study else subject
    return None if name is None else study_id_of(name)


def site_in(row: Row) -> str | None:
    """Read the acquisition site, in printable form."""
    site = row.first("site")
    return None if site is None else printable(site)


def grade_in(row: Row) -> Grade | None:
    """Read a row's grade, in any case; None where it is unknown.

    Raises:
        InvalidInputError: The grade is neither LGG nor HGG. WHO grades are refused: BraTS counts 2 and
            3 as LGG, others count 3 as HGG.
    """
    value = row.first("grade")
    if value is None:
        return None
    try:
        return Grade(value.upper())
    except ValueError as error:
        raise InvalidInputError(
            f"{row.at}: grade {shown(value)}: wanted LGG or HGG, or NA where it is not known"
        ) from error
