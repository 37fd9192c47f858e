"""What tables say of studies: whose they are, their grade and their site."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.patients import patient_of
from gliobench.domain.studies.study import Grade, Origin
from gliobench.domain.studies.study_ids import study_id_of, why_no_file_name

PATIENT_COLUMNS = ("patientid", "patient", "participantid", "participant")
"""Keys of the columns that name a patient, the first counts."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a study before it is opened.

    Args:
        patient_id: The same for all studies of the patient, in whatever folder.
        grade: None where unknown.
        site: Where it was scanned, e.g. CBICA, TCIA10, 2013; None where unknown.
    """

    patient_id: str
    grade: Grade | None = None
    site: str | None = None

    @property
    def origin(self) -> Origin:
        """What of it is no reference."""
        return Origin(self.patient_id, self.site)

    @classmethod
    def named(cls, study_id: str) -> Subject:
        """Know of a study what its id tells."""
        return cls(patient_id=patient_of(study_id).id)


def study_id_in(row: Row, name: str) -> str:
    """Read a study's id out of a cell.

    Raises:
        InvalidInputError: No folder or file can bear it.
    """
    if why := why_no_file_name(name):
        raise InvalidInputError(f"{row.at}: study id {shown(name)} {why}: wanted the study's name")
    return study_id_of(name)


def patient_in(row: Row) -> str | None:
    """Read the patient's id out of a row that tells it."""
    told = row.first(*PATIENT_COLUMNS)
    return None if told is None else study_id_of(told)


def site_in(row: Row) -> str | None:
    """Read where a study was scanned, fit to be shown."""
    told = row.first("site")
    return None if told is None else printable(told)


def grade_in(row: Row) -> Grade | None:
    """Read a row's grade, in any case; None where it is not told.

    Raises:
        InvalidInputError: It is neither LGG nor HGG. A WHO grade is none: BraTS counts 2 and 3 to
            LGG, others 3 to HGG.
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
