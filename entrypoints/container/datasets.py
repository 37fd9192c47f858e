"""Where studies come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import shown

if TYPE_CHECKING:
    from gliobench.application.ports.dataset_path import DatasetPath
    from gliobench.application.ports.study_source import StudySource
    from gliobench.domain.studies.study import Modality
    from gliobench.entrypoints.settings import Settings

PHANTOM_DATASET = re.compile(
    r"phantom:(?P<count>\d{1,9})(:(?P<seed>\d{1,18})(:(?P<spacing_mm>\d{1,9}(\.\d{1,9})?))?)?",
    re.ASCII,
)


def dataset_path(dataset: str, settings: Settings) -> DatasetPath:
    """Open a folder, or a URL whose files are fetched when they are looked at.

    Raises:
        NotFoundError: The folder is not there.
        InvalidInputError: No such kind of store is known.
        MissingExtraError: The library of the store is not installed.
    """
    from gliobench.adapters.storage import open_dataset

    return open_dataset(
        dataset,
        cache=settings.cache_dir,
        cache_bytes=int(settings.cache_gib * 2**30),
        patience_s=settings.store_patience_s,
        trust_checksums=settings.trust_checksums,
    )


def brats_source(folder: DatasetPath) -> StudySource:
    """Read studies in BraTS layout."""
    from gliobench.adapters.nifti import BratsStudySource

    return BratsStudySource(folder)


def slice_source(folder: DatasetPath, settings: Settings) -> StudySource:
    """Read single slices."""
    from gliobench.adapters.slices import SliceStudySource
    from gliobench.domain.studies.study import SliceChoice

    choice = settings.slice_choice
    return SliceStudySource(
        folder,
        spacing_mm=settings.slice_spacing_mm,
        choice=SliceChoice(choice) if choice else None,
    )


def phantom_source(dataset: str) -> StudySource:
    """Simulate studies: `phantom:COUNT[:SEED[:SPACING_MM]]`.

    Raises:
        InvalidInputError: The numbers cannot be read.
        MissingExtraError: The extra `phantom` is not installed.
    """
    parts = PHANTOM_DATASET.fullmatch(dataset)
    if parts is None:
        raise InvalidInputError(
            f"dataset {shown(dataset)}: wanted phantom:COUNT[:SEED[:SPACING_MM]], all numbers"
        )
    from gliobench.adapters.phantom import PhantomStudySource

    return PhantomStudySource(
        count=int(parts["count"]),
        seed=int(parts["seed"] or 0),
        spacing_mm=float(parts["spacing_mm"] or 1.0),
    )


def study_files(images: Mapping[Modality, Path]) -> StudySource:
    """Read one study that is given file by file; it is named after its folder."""
    from gliobench.adapters.nifti import StudyFiles
    from gliobench.domain.studies.study_ids import study_id_of

    folder = next(iter(images.values())).parent.resolve().name
    return StudyFiles(images, study_id=study_id_of(folder))
