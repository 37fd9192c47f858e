"""Cohorts: named, frozen lists of studies, split by patient."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.patients import is_sure, patient_of
from gliobench.domain.studies.study import Grade

UNREADABLE = "unreadable"
"""Stands for the content of a study whose files cannot be hashed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A case as listed in a cohort, without its volumes.

    Args:
        study_id: The study.
        patient_id: Its patient.
        grade: The reference grade, if known.
        site: The acquisition site, if known.
    """

    study_id: str
    patient_id: str
    grade: Grade | None = None
    site: str | None = None

    @property
    def patients(self) -> frozenset[str]:
        """The patient's names: as given by the source, and as implied by the id where that is certain."""
        sure = {patient_of(self.study_id).id} if is_sure(self.study_id) else set()
        return frozenset({self.patient_id, *sure})

    @property
    def stratum(self) -> str:
        """Grade and site, by which splits are stratified, because site is confounded with grade."""
        return f"{self.grade.value if self.grade else 'unknown'}/{self.site or 'unknown'}"


@dataclass(frozen=True)
class Cohort:
    """A named, frozen list of cases with its split, fingerprint and exclusions.

    Args:
        name: Name of the dataset.
        fingerprint: Hash of the members' ids and contents.
        members: Each study once.
        parts: Study ids of each part of the split; empty without a split.
        seed: Seed of the split; None without a split.
        exclusions: Reason for exclusion by study id.
        assumptions: Assumptions about which studies share a patient, and exclusions of no study, one
            sentence each.
        labels: Label convention of its masks; None without masks, or in files of older versions.

    Raises:
        InvalidInputError: A study occurs twice, is both member and excluded, or is not in exactly one
            part; or a patient's studies, by the source or by the study id, are in two parts.
    """

    name: str
    fingerprint: str
    members: tuple[Member, ...]
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    seed: int | None = None
    exclusions: Mapping[str, str] = field(default_factory=dict)
    assumptions: tuple[str, ...] = ()
    labels: DatasetLabels | None = None

    def __post_init__(self) -> None:
        ids = [member.study_id for member in self.members]
        _check_once(ids, "the cohort")
        if both := sorted(set(ids) & set(self.exclusions)):
            raise InvalidInputError(f"study {both[0]} is a member and excluded")
        if self.parts:
            self._check_parts(set(ids))

    def part(self, name: str) -> list[Member]:
        """Return the members of one part of the split.

        Raises:
            NotFoundError: There is no such part.
        """
        if name not in self.parts:
            known = ", ".join(self.parts) or "none"
            raise NotFoundError(f"cohort {self.name} has no part {name!r}: it has {known}")
        chosen = set(self.parts[name])
        return [member for member in self.members if member.study_id in chosen]

    def _check_parts(self, ids: set[str]) -> None:
        placed = [study_id for part in self.parts.values() for study_id in part]
        _check_once(placed, "the split")
        if astray := sorted(ids.symmetric_difference(placed)):
            raise InvalidInputError(f"study {astray[0]} is not both a member and in the split")
        part_of = {item: name for name, part in self.parts.items() for item in part}
        home: dict[str, str] = {}
        for member in self.members:
            part = part_of[member.study_id]
            for patient in member.patients:
                if home.setdefault(patient, part) != part:
                    raise InvalidInputError(
                        f"patient {patient} is in {home[patient]} and {part}: split again"
                    )


def one_patient_each(members: Sequence[Member], images: Mapping[str, str]) -> list[Member]:
    """Unify the patient id of members who share a patient, to the first one named by their sources.

    Args:
        members: Members of a cohort.
        images: Hash of a study's image by study id; studies with the same hash share a patient.
    """
    first: dict[str, int] = {}
    group = list(range(len(members)))

    def root(at: int) -> int:
        while group[at] != at:
            group[at] = at = group[group[at]]
        return at

    for at, member in enumerate(members):
        image = images.get(member.study_id)
        for tie in (*member.patients, *([f"image {image}"] if image else [])):
            one, other = root(first.setdefault(tie, at)), root(at)
            group[max(one, other)] = min(one, other)
    return [
        replace(member, patient_id=members[root(at)].patient_id)
        for at, member in enumerate(members)
    ]


def _check_once(ids: list[str], where: str) -> None:
    repeated = sorted(study_id for study_id, times in Counter(ids).items() if times > 1)
    if repeated:
        raise InvalidInputError(f"study {repeated[0]} is in {where} twice")


def cohort_fingerprint(hashes: Mapping[str, str]) -> str:
    """Hash the studies' contents, by study id, whatever their order."""
    return sha256(json.dumps(sorted(hashes.items())).encode()).hexdigest()
