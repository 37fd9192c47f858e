"""Hashes of training images, which identify copies under other names."""

from __future__ import annotations

from collections.abc import Collection

from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError
from gliobench.domain.studies.image_hash import image_hashes
from gliobench.domain.studies.patients import patient_hash


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
