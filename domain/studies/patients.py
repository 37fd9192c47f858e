"""Patients: identification by study names, and pseudonymous hashes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from gliobench.domain.studies.pseudonyms import is_pseudonym


@dataclass(frozen=True, slots=True)
class NamingPattern:
    """A naming pattern of studies by patient.

    Args:
        whose: The collection that uses it.
        pattern: Matches a whole id; its group `patient` is the patient's.
        is_assumed: Whether it follows from the form of the id alone and may be wrong.
    """

    whose: str
    pattern: re.Pattern[str]
    is_assumed: bool = False


def _pattern(whose: str, pattern: str, *, is_assumed: bool = False) -> NamingPattern:
    return NamingPattern(whose, re.compile(pattern, re.IGNORECASE | re.DOTALL), is_assumed)


_DATE = r"(19|20)\d\d[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])"
_VISIT = r"(visit|ses|session|week|month|time|timepoint|follow-?up|fu|tp|v|t)[-_. ]?\d+([-_.]\d)?"
_OCCASION = (
    r"baseline|initial|diagnosis|follow-?up|recurrence|recurrent|relapse|progression"
    r"|(pre|post|intra)[-_ ]?(op|operative|treatment|rt|surgery)?"
)

PATTERNS = (
    _pattern("BraTS 2020 and 2021", r"(?P<patient>BraTS(20|2021)_([a-z]+_)?\d+)"),
    _pattern("BraTS 2017 to 2019", r"(?P<patient>BraTS1\d_[^_]+_.+)_\d+"),
    _pattern("BraTS 2013 to 2016", r"(?P<patient>BraTS_[a-z0-9]+_pat\d+)_\d+"),
    _pattern("BraTS since 2023", r"(?P<patient>BraTS-[a-z]+(-[a-z]+)?-\d+)(-\d+)?"),
    _pattern("TCGA", r"(?P<patient>TCGA-\w\w-\w{4})([-_. ].*)?"),
    _pattern("UPENN-GBM", r"(?P<patient>UPENN-GBM-\d+)(_\d+)?"),
    _pattern("UCSF-PDGM", r"(?P<patient>UCSF-PDGM-\d+)(_FU\d+\w?)?(_nifti)?"),
    _pattern("LUMIERE", r"(?P<patient>Patient-\d+)([-_]week-\d+(-\d+)?)?"),
    _pattern("RHUH-GBM", r"(?P<patient>RHUH-\d+)([-_]\d+)?"),
    _pattern("MU-Glioma-Post", r"(?P<patient>PatientID_\d+)([-_]Timepoint_\d+)?"),
    _pattern("BIDS", r"(?P<patient>sub-[a-z0-9+]+)(_.*)?"),
    _pattern("phantoms", r"(?P<patient>Phantom_(\d+_)?\d+)"),
    _pattern("a date", rf"(?P<patient>.+?)[-_. ]{_DATE}([-_.T]\d+)?", is_assumed=True),
    _pattern("a visit", rf"(?P<patient>.+?)[-_. ]{_VISIT}", is_assumed=True),
    _pattern("an occasion", rf"(?P<patient>.+?)[-_. ]({_OCCASION})", is_assumed=True),
    # P1_2 and P01_02, but not site1_02: the patient number has at least as many digits as the visit.
    _pattern(
        "a number after a number", r"(?P<patient>.*\d)[-_.](\d|(?<=\d\d[-_.])\d\d)", is_assumed=True
    ),
)
"""One row per naming pattern, the first match counts; an id without a match is the patient's."""
_ANY_PATTERN = re.compile(
    "|".join(f"(?:{row.pattern.pattern.replace('?P<patient>', '?:')})" for row in PATTERNS),
    re.IGNORECASE | re.DOTALL,
)
"""What no pattern matches, it refuses in a third of the time."""
_UPPER = ("TCGA",)
_ANY_VISIT = re.compile(rf"{_VISIT}|{_OCCASION}|{_DATE}([-_.T]\d+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedPatient:
    """The patient of a study, according to its id.

    Args:
        id: The patient's id.
        pattern: The pattern that matched; None where the study's id is taken as the patient's.
    """

    id: str
    pattern: NamingPattern | None = None


def patient_of(study_id: str) -> NamedPatient:
    """Read the patient from a study's id.

    >>> patient_of("BraTS-GLI-00003-001").id
    'BraTS-GLI-00003'
    >>> patient_of("sub-01_ses-2").id
    'sub-01'
    """
    for row in PATTERNS if _ANY_PATTERN.fullmatch(study_id) else ():
        if match := row.pattern.fullmatch(study_id):
            patient = match["patient"]
            return NamedPatient(patient.upper() if row.whose in _UPPER else patient, row)
    return NamedPatient(study_id)


def is_sure(study_id: str) -> bool:
    """Return whether an id belongs to a collection with a known naming of patients."""
    pattern = patient_of(study_id).pattern
    return pattern is not None and not pattern.is_assumed


def is_visit(name: str) -> bool:
    """Return whether a folder's name denotes a visit and not a patient.

    >>> is_visit("ses-1"), is_visit("week-000-1"), is_visit("Case_01")
    (True, True, False)
    """
    return _ANY_VISIT.fullmatch(name) is not None


def patient_hash(patient_id: str) -> str:
    """Return a patient's pseudonym for weights, manifests and reports.

    Returns:
        The first 16 hex digits of the name's sha256.
    """
    return sha256(patient_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]


_SETTLED_BY = "a column patient_id in the dataset's table would settle it"


def assumptions(patients: Mapping[str, str]) -> list[str]:
    """Describe assumptions about which studies share a patient, one sentence each, and the remedy.

    Args:
        patients: The patient of every study, by study id.

    Returns:
        Empty where all names are of known collections or denote no visit.
    """
    found = [
        *_taken_for_visits(patients),
        *_taken_for_patients(patients),
        *_without_patient(patients),
    ]
    return [f"{item}: {_SETTLED_BY}" for item in found]


def _taken_for_visits(patients: Mapping[str, str]) -> Iterator[str]:
    visits: dict[str, list[str]] = defaultdict(list)
    for study_id, patient in sorted(patients.items()):
        if patient != study_id:
            visits[patient].append(study_id)
    assumed: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for patient, ids in visits.items():
        if len(ids) > 1 and (ground := _ground(ids[0], patient)):
            assumed[ground][patient] = ids
    for ground, found in assumed.items():
        patient, ids = next(iter(found.items()))
        yield (
            f"{sum(map(len, found.values()))} studies are taken for visits of "
            f"{_patients(len(found))}, because {ground} (such as {ids[0]} and {ids[1]}, of {patient})"
        )


def _ground(study_id: str, patient: str) -> str | None:
    """Return why a study is taken as a visit of a patient; None where that is certain or declared."""
    named = patient_of(study_id)
    if named.pattern is None:
        return "their folders lie together" * study_id.startswith(f"{patient}_") or None
    is_assumed = named.pattern.is_assumed and named.id == patient
    return f"their names end in {named.pattern.whose}" if is_assumed else None


def _taken_for_patients(patients: Mapping[str, str]) -> Iterator[str]:
    alike: dict[str, list[str]] = defaultdict(list)
    for study_id, patient in sorted(patients.items()):
        stem = study_id.rstrip("0123456789")
        if (
            patient == study_id != stem
            and not is_pseudonym(study_id)
            and patient_of(study_id).pattern is None
        ):
            alike[stem].append(study_id)
    again = [ids for ids in alike.values() if len(ids) > 1]
    if again:
        yield (
            f"{sum(map(len, again))} studies whose names differ in the last number only (such as "
            f"{again[0][0]} and {again[0][1]}) are taken for different patients"
        )


def _without_patient(patients: Mapping[str, str]) -> Iterator[str]:
    """Report pseudonyms of studies that are their patients' too: the tags name none."""
    alone = sorted(name for name, patient in patients.items() if name == patient)
    unknown = list(filter(is_pseudonym, alone))
    if unknown and len(patients) > 1:
        yield (
            f"{len(unknown)} studies whose tags name no patient (such as {unknown[0]}) are taken for "
            "different patients"
        )


def _patients(n: int) -> str:
    return "1 patient" if n == 1 else f"{n} patients"


def is_phantom(patient_id: str) -> bool:
    """Return whether a patient's name is that of a gliobench phantom."""
    return _PHANTOM.fullmatch(patient_id) is not None


_PHANTOM = re.compile(r"Phantom_(\d+_)?\d{4,}")
PHANTOM_MARK = "gliobench phantom, SIMULATED"
"""Text in the header of a phantom's files, whatever their names."""
