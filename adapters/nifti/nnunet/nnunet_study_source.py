"""Studies as nnU-Net's raw datasets and the Medical Segmentation Decathlon lay them out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import final

from gliobench.adapters.nifti.image_file import Channel
from gliobench.adapters.nifti.image_names import is_shown, nifti_stem
from gliobench.adapters.nifti.nnunet.dataset_json import ENDINGS, NAME, DatasetJson, channel_of
from gliobench.adapters.nifti.study_folders import StudyFolder
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource, listing
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.messages import printable
from gliobench.domain.studies.study import Modality
from gliobench.domain.studies.study_ids import study_id_of

PARTS = {"imagesTr": "labelsTr", "imagesTs": "labelsTs"}
"""Folders of images, and those of their masks."""


@final
class NnunetStudySource(NiftiStudySource):
    """Reads `imagesTr/<study>_0000.nii.gz`, a file a channel, or `imagesTr/<study>.nii.gz` with all.

    Studies of `imagesTs` are read, too. dataset.json names channels and labels. Grades, patients and
    sites come from a name_mapping.csv in the dataset's folder.

    Args:
        root: The dataset, or its `imagesTr` or `imagesTs` alone.

    Raises:
        NotFoundError: There is no such folder, or no study in it.
        InvalidInputError: The folder, dataset.json or the table cannot be read.
    """

    def __init__(self, root: DatasetPath | str) -> None:
        folder = resolved(root)
        home, parts = _home(folder)
        described = DatasetJson.read(home / NAME)
        with listing(folder):
            folders = [study for part in parts for study in _studies(home, part, described)]
        if not folders:
            raise NotFoundError(
                f"no study in {folder}: wanted files such as imagesTr/<study>_0000.nii.gz"
            )
        super().__init__(FoundStudies.of(folders, labels=described.labels))


def holds_nnunet(folder: DatasetPath) -> bool:
    """Return whether a folder is such a dataset, or its images."""
    home, parts = _home(folder)
    return bool(parts) and (home / NAME).is_file()


def _home(folder: DatasetPath) -> tuple[DatasetPath, list[str]]:
    """Return the dataset that a folder is or belongs to, and which of its parts are meant."""
    if folder.name in PARTS:
        return folder.parent, [folder.name]
    return folder, [part for part in PARTS if (folder / part).is_dir()]


def _studies(home: DatasetPath, part: str, described: DatasetJson) -> Iterator[StudyFolder]:
    images: dict[str, dict[Modality, list[DatasetPath]]] = defaultdict(lambda: defaultdict(list))
    of_all: set[str] = set()
    for path in sorted(entry for entry in (home / part).iterdir() if is_shown(entry)):
        if stem := nifti_stem(path):
            case, modalities = _case(stem, described)
            of_all |= {case} if len(modalities) > 1 else set()
            for modality in modalities:
                images[case][modality].append(path)
    count = len(described.channels)
    channels = {modality: Channel(at, count) for at, modality in enumerate(described.channels)}
    for case, by_modality in images.items():
        masks = [home / PARTS[part] / f"{case}{ending}" for ending in ENDINGS]
        yield StudyFolder(
            id=study_id_of(case),
            folder=home / part,
            images=by_modality,
            masks=[path for path in masks if path.is_file()],
            has_odd_name=printable(case) != case,
            channels=channels if case in of_all else {},
        )


def _case(stem: str, described: DatasetJson) -> tuple[str, tuple[Modality, ...]]:
    """Return the study of a file, and its sequences."""
    number = None if described.numbers_studies else channel_of(stem)
    if number is None:
        return stem, described.channels
    if number >= len(described.channels):
        raise InvalidInputError(
            f"{stem}: channel {number} is not in {described.place}, which has "
            f"{len(described.channels)} channels"
        )
    return stem[: -len("_0000")], (described.channels[number],)
