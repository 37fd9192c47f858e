"""One study from files given individually."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import final

from gliobench.adapters.nifti.study_folders import image_at
from gliobench.adapters.nifti.study_images import hash_images, open_study
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import NotFoundError
from gliobench.domain.studies.study import Modality, Origin, Reference, Study
from gliobench.domain.studies.subjects import Subject


@final
class StudyFiles(StudySource):
    """Reads one study from files of any names, without a reference.

    Args:
        images: NIfTI files by modality, or folders that contain one.
        study_id: Id of the study.

    Raises:
        FaultyStudyError: A folder contains several images.
    """

    def __init__(self, images: Mapping[Modality, Path], *, study_id: str = "study") -> None:
        self._images = {modality: image_at(path) for modality, path in images.items()}
        self._study_id = study_id

    def study_ids(self) -> list[str]:
        """List the id of the one study."""
        return [self._study_id]

    def study(self, study_id: str) -> Study:
        """Open the study."""
        self._check(study_id)
        return open_study(study_id, self._images, patient_id=self.origin(study_id).patient_id)

    def origin(self, study_id: str) -> Origin:
        """Return the study's patient, as implied by its id."""
        self._check(study_id)
        return Subject.named(study_id).origin

    def reference(self, study_id: str) -> Reference:
        """Return an unknown reference."""
        self._check(study_id)
        return Reference()

    def content_hash(self, study_id: str) -> str:
        """Hash the image files."""
        self._check(study_id)
        return hash_images(self._images)

    def _check(self, study_id: str) -> None:
        if study_id != self._study_id:
            raise NotFoundError(f"no study {study_id!r}: wanted {self._study_id!r}")
