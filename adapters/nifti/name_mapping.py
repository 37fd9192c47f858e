"""name_mapping.csv: what BraTS tells of its subjects, over the years and their changing ids."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO

from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.study import Grade

_FILE = "name_mapping.csv"
_FOLDERS_ABOVE_STUDY = 3
_NEWEST_FIRST = tuple(f"BraTS_{year}_subject_ID" for year in (2020, 2019, 2018, 2017))
_TCGA = "TCGA_TCIA_subject_ID"
_TCGA_PATIENT = re.compile(r"TCGA-\w\w-\w{4}", re.IGNORECASE)
_VISIT = re.compile(r"(?P<patient>BraTS-[A-Za-z]+-\d+)-\d+")
_SITE = re.compile(r"BraTS1\d_(?P<site>[^_]+)_.+", re.IGNORECASE)
_NEW_IN_2020 = "BraTS20-new"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a study's patient.

    Args:
        patient_id: The same for all studies of the patient, in whatever folder.
        grade: None where unknown.
        site: Where it was scanned, e.g. CBICA, TCIA10, 2013; None where unknown.
    """

    patient_id: str
    grade: Grade | None = None
    site: str | None = None


@dataclass(frozen=True)
class NameMapping:
    """Subjects by every id that they ever had."""

    subjects: Mapping[str, Subject] = field(default_factory=dict)

    @classmethod
    def near(cls, folder: DatasetPath) -> NameMapping:
        """Read the mapping that belongs to a study, empty where there is none.

        It is looked for in the study's folder and up to three above it, and in a folder `tables`
        in each of these.

        Raises:
            InvalidInputError: It cannot be read, or is no name mapping.
        """
        above = (folder, *folder.parents[:_FOLDERS_ABOVE_STUDY])
        candidates = (place / _FILE for home in above for place in (home, home / "tables"))
        found = next((path for path in candidates if path.is_file()), None)
        return cls() if found is None else cls.read(found)

    @classmethod
    def read(cls, path: DatasetPath) -> NameMapping:
        """Read a mapping.

        Raises:
            InvalidInputError: It cannot be read, or is no name mapping.
        """
        try:
            text = path.read_bytes().decode("utf-8-sig")
            rows = list(csv.DictReader(StringIO(text, newline="")))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise InvalidInputError(f"{path}: cannot be read: {error}") from error
        if not rows or "Grade" not in rows[0] or not any(name in rows[0] for name in _NEWEST_FIRST):
            raise InvalidInputError(
                f"{path}: wanted columns Grade and BraTS_<year>_subject_ID, and a row"
            )
        subjects: dict[str, Subject] = {}
        for row in rows:
            subjects.update(_subject_by_id(path, row))
        return cls(subjects)

    def subject(self, study_id: str) -> Subject:
        """Tell what is known of a study: at least its patient's id, from the study's own."""
        barcode = _TCGA_PATIENT.match(study_id)
        known = barcode[0].upper() if barcode else study_id
        if known in self.subjects:
            return self.subjects[known]
        visit = _VISIT.fullmatch(known)
        return Subject(patient_id=visit["patient"] if visit else known)


def _subject_by_id(path: DatasetPath, row: Mapping[str, str | None]) -> dict[str, Subject]:
    ids = [
        value for name in (*_NEWEST_FIRST, _TCGA) if (value := row.get(name)) not in (None, "NA")
    ]
    subject = Subject(patient_id=ids[0], grade=_grade(path, row["Grade"]), site=_site(ids))
    return {name: subject for name in ids if name}


def _grade(path: DatasetPath, value: str | None) -> Grade | None:
    if value in (None, "", "NA"):
        return None
    try:
        return Grade(value)
    except ValueError as error:
        raise InvalidInputError(f"{path}: grade {value!r}: wanted LGG, HGG or NA") from error


def _site(ids: list[str]) -> str | None:
    """Take the site out of an id of 2017 to 2019; ids of 2020 bear none."""
    for name in ids:
        if match := _SITE.fullmatch(name):
            return match["site"]
    return _NEW_IN_2020 if any(name.startswith("BraTS20_") for name in ids) else None
