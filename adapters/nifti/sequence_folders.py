"""Folders that hold one sequence each, of one study or of many."""

from __future__ import annotations

from collections import Counter

from gliobench.adapters.nifti.image_names import (
    NamedFile,
    are_of_sequences,
    is_of_sequence_folder,
    is_shown,
    name_by_folder,
    names_a_sequence,
    nifti_stem,
    sequence_of,
)
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.studies.study import ESSENTIAL

_LEVELS = 3
"""Folders below the one that is looked into, as many as there may be above a study."""


def in_folders_of_sequences(folders: list[DatasetPath]) -> dict[DatasetPath, list[NamedFile]]:
    """Return the image of each folder that holds one sequence of one study, as `2_T1GD/NIFTI/T1GD.nii.gz`.

    Folders named T1 and T2 may also be times of examination, or hold many studies.
    """
    if not are_of_sequences(entry.name for entry in folders):
        return {}
    alone = {entry: found[0] for entry in folders if len(found := images_in(entry)) == 1}
    images = {
        entry: [NamedFile(nifti_stem(image), [image])]
        for entry, image in alone.items()
        if is_of_sequence_folder(nifti_stem(image), entry.name)
    }
    if are_of_sequences(entry.name for entry in images):
        return images
    return _named_by_folder_alone(folders)


def _named_by_folder_alone(folders: list[DatasetPath]) -> dict[DatasetPath, list[NamedFile]]:
    """Return the images of folders of one sequence each where no file names it, as `FLAIR/001.nii.gz`.

    Where each folder holds one image, they are of one study. T1 and T2 alone may be times of examination.
    """
    sequences = {sequence_of(entry.name) for entry in folders}
    if not sequences.intersection(ESSENTIAL):
        return {}
    found = {
        entry: [*filter(nifti_stem, images_in(entry))]
        for entry in folders
        if name_by_folder(entry.name)
    }
    if any(names_a_sequence(nifti_stem(image)) for images in found.values() for image in images):
        return {}
    if all(len(images) == 1 for images in found.values()):
        return {
            entry: [NamedFile(name_by_folder(entry.name), images)]
            for entry, images in found.items()
        }
    are_alike = any(len({*map(nifti_stem, images)}) < len(images) for images in found.values())
    studies = {
        entry: [image.parent.name if are_alike else nifti_stem(image) for image in images]
        for entry, images in found.items()
    }
    times = Counter(name for names in studies.values() for name in set(names))
    if max(times.values(), default=0) < 2:  # no study has two sequences: are these studies?
        return {}
    return {
        entry: [
            NamedFile(f"{name}_{name_by_folder(entry.name)}", [image])
            for name, image in zip(studies[entry], images, strict=True)
        ]
        for entry, images in found.items()
    }


def images_in(folder: DatasetPath, levels: int = _LEVELS) -> list[DatasetPath]:
    """Return the images in a folder named like an image, as some archive tools create them."""
    entries = sorted(entry for entry in folder.iterdir() if is_shown(entry))
    images: list[DatasetPath] = []
    for entry in [entry for entry in entries if nifti_stem(entry)] or entries:
        if not entry.is_dir():
            images.append(entry)
        elif levels:
            images += images_in(entry, levels - 1)
    return images
