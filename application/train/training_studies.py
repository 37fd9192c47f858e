"""The studies that there are to learn from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

import numpy as np

from gliobench.application.ports.study_source import StudySource
from gliobench.application.ports.trainer import Trainer, TrainingData
from gliobench.application.predict.read_reference import read_reference
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash


@dataclass(frozen=True)
class TrainingStudies:
    """The studies whose reference mask holds a tumour; made by `TrainingStudies.of`.

    Args:
        source: Where they are.
        by_patient: Their ids, at least one for a patient, in the source's order.
    """

    source: StudySource
    by_patient: Mapping[str, Sequence[str]]
    _hashes: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def of(cls, source: StudySource, *, graded: bool = False) -> TrainingStudies:
        """Find them; those whose reference cannot be read are left out: `reference_faults` names them.

        So are those of which no image can be opened.

        Args:
            source: Where they are.
            graded: Whether to leave out those without a reference grade.

        Raises:
            InvalidInputError: There is none.
        """
        studies: dict[str, list[str]] = {}
        for study_id in source.study_ids():
            reference = read_reference(source, study_id)
            has_images = reference.grid is None
            if not (has_images and reference.has_tumour) or (graded and reference.grade is None):
                continue
            studies.setdefault(source.study(study_id).patient_id, []).append(study_id)
        if not studies:
            wanted = "mask and a grade" if graded else "mask"
            raise InvalidInputError(f"no study has a reference {wanted}: nothing to learn from")
        return cls(source, studies)

    def ids(self, patients: Iterable[str]) -> list[str]:
        """List the studies of some patients, sorted by patient."""
        return [study_id for patient in sorted(patients) for study_id in self.by_patient[patient]]

    def strata(self) -> dict[str, str]:
        """Name site and grade of every patient; of several studies, the first's."""
        strata = {}
        for patient, study_ids in self.by_patient.items():
            grade = self.source.reference(study_ids[0]).grade
            site = self.source.study(study_ids[0]).site
            strata[patient] = f"{site}×{grade.value if grade else 'unknown'}"
        return strata

    def hashes(self, patients: Iterable[str]) -> list[str]:
        """Hash all that can be learned from each study of some patients, each study once."""
        study_ids = self.ids(patients)
        for study_id in study_ids:
            if study_id not in self._hashes:
                self._hashes[study_id] = case_hash(self.source, study_id)
        return [self._hashes[study_id] for study_id in study_ids]


class StudyTrainer(Trainer, Protocol):
    """A trainer that learns from studies alone."""

    _studies: TrainingStudies

    def strata(self) -> Mapping[str, str]:
        """Name site and grade of every patient; of several studies, the first's."""
        return self._studies.strata()

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Name these patients, and hash their studies."""
        return TrainingData(tuple(sorted(patients)), hash_of(self._studies.hashes(patients)))


def check_regions(source: StudySource, wanted: Iterable[Region]) -> None:
    """Check that the masks have the regions that a network learns.

    Raises:
        InvalidInputError: The convention of their labels lacks one.
    """
    if source.labels is None:
        return
    convention = source.labels.convention
    if missing := [region.value for region in wanted if region not in convention.regions]:
        raise InvalidInputError(
            f"labels {convention.name} have no {' and no '.join(missing)}: this network learns from "
            "masks that have"
        )


def hash_of(contents: Iterable[str]) -> str:
    """Hash hashes, in whatever order they come."""
    return sha256("".join(sorted(contents)).encode()).hexdigest()


def case_hash(source: StudySource, study_id: str) -> str:
    """Hash all that can be learned from a study: its images, its grade and its mask."""
    reference = source.reference(study_id)
    grade = reference.grade.value if reference.grade else None
    digest = sha256(f"{study_id} {source.content_hash(study_id)} {grade}\n".encode())
    for region in sorted(reference.regions, key=lambda one: one.value):
        digest.update(region.value.encode())
        digest.update(np.packbits(reference.regions[region]).tobytes())
    return digest.hexdigest()


def learned_images(source: StudySource, trained_on: Collection[str]) -> tuple[str, ...]:
    """Hash every image of the patients that a model learned from.

    Args:
        source: The available studies; those of other patients, and those that cannot be read, are
            passed over.
        trained_on: `patient_hash` of the patients.

    Returns:
        `image_hash`es, sorted; a patient without a study here has none.

    Raises:
        StoreError: The source cannot be read now.
    """
    found: set[str] = set()
    for study_id in source.study_ids():
        try:
            study = source.study(study_id)
        except FaultError:
            continue
        if patient_hash(study.patient_id) in trained_on:
            found |= image_hashes(study)
    return tuple(sorted(found))
