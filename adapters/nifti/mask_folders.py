"""Masks in folders inside of a study's (`P1/masks/seg.nii.gz`), or beside it (`labels/P1.nii.gz`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from gliobench.adapters.nifti.image_names import (
    ends_in_sequence,
    is_shown,
    names_a_sequence,
    nifti_stem,
)
from gliobench.adapters.nifti.mask_names import (
    is_of_masks,
    is_of_programs,
    is_of_something_else,
    is_of_tumours,
    without_mask_words,
)
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.studies.patients import is_visit

if TYPE_CHECKING:
    from gliobench.adapters.nifti.study_folders import StudyFolder

Below: TypeAlias = "Mapping[DatasetPath, list[StudyFolder]]"
"""The studies that were found in each folder of a folder."""
_Way: TypeAlias = tuple[str, ...]


def with_masks_of_folders(
    folder: DatasetPath, own: Sequence[StudyFolder], below: Below
) -> Iterator[StudyFolder]:
    """Join studies with masks in folders inside of theirs, or in a folder of masks beside that of the images.

    Masks of a program, or inside in a folder that is not named after masks, are none of the experts.

    Args:
        folder: Where the studies are.
        own: Those whose files lie in it.
        below: Those in its folders.
    """
    has_studies_below = any(item.images for found in below.values() for item in found)
    if sum(bool(study.images) for study in own) == 1 and not has_studies_below:
        yield from _with_masks_inside(own, below)
    else:
        yield from _with_masks_beside(folder, own, below)


def _with_masks_inside(own: Sequence[StudyFolder], below: Below) -> Iterator[StudyFolder]:
    (study,) = (item for item in own if item.images)
    masks, others = list(study.masks), list(study.other_masks)
    is_misnamed = study.has_misnamed_mask
    left: list[StudyFolder] = []
    for entry, found in below.items():
        alone = [item for item in found if _has_masks_alone(item) and not is_visit(entry.name)]
        left += [item for item in found if item not in alone]
        paths = [path for item in alone for path in item.masks]
        if study.masks or not is_of_masks(entry.name):
            others += paths
            continue
        for stem, path in _loose_masks(entry).items() if not paths else ():
            (masks if _is_stated(entry, stem) else others).append(path)
        masks += paths
        named = {without_mask_words(item.id) for item in alone if not item.is_named_by_folder}
        is_misnamed |= not named <= {study.id, study.folder.name}
    joined = replace(study, masks=masks, other_masks=others, has_misnamed_mask=is_misnamed)
    yield from (joined if item is study else item for item in own)
    yield from left


def _with_masks_beside(
    folder: DatasetPath, own: Sequence[StudyFolder], below: Below
) -> Iterator[StudyFolder]:
    """Join by the way from the folder of masks, which is that from the folder of the images."""
    at: dict[_Way, list[StudyFolder]] = defaultdict(list)
    for study in own:
        at[_way(folder, study)] += [study] * bool(study.images)
    for study in (item for found in below.values() for item in found if item.images):
        way = _way(folder, study)
        at[way].append(study)
        at[way[1:]].append(study)
    only = {way: its[0] for way, its in at.items() if its and are_in_folders_of_sequences(its)}
    masks: dict[int, list[DatasetPath]] = defaultdict(list)
    others: dict[int, list[DatasetPath]] = defaultdict(list)
    left = [*own]
    for entry, found in below.items():
        is_of_experts = is_of_masks(entry.name)
        for item in found:
            way = _way(folder, item)[1:]
            is_apart = is_of_experts or (bool(way) and is_of_programs(entry.name))
            if not (is_apart and _has_masks_alone(item) and way in only):
                left.append(item)
            else:
                study = only[way]
                (masks if is_of_experts and not study.masks else others)[id(study)] += item.masks
        for stem, path in _loose_masks(entry).items() if is_of_experts else ():
            way = tuple(filter(None, [without_mask_words(stem)]))
            if way in only and path not in masks[id(only[way])] + others[id(only[way])]:
                is_used = _is_stated(entry, stem) and not only[way].masks
                (masks if is_used else others)[id(only[way])].append(path)
    for study in left:
        yield replace(
            study,
            masks=study.masks + masks[id(study)],
            other_masks=study.other_masks + others[id(study)],
        )


def are_in_folders_of_sequences(folders: Sequence[StudyFolder]) -> bool:
    """Return whether each of several folders is named after the only sequence that it holds of the study."""
    sequences = {modality for study in folders for modality in study.images}
    return len(folders) == 1 or (
        len(sequences) == len(folders)
        and all(ends_in_sequence(study.folder.name, [*study.images]) for study in folders)
    )


def _way(folder: DatasetPath, study: StudyFolder) -> _Way:
    """Return the names of the folders on the way to a study, and its own where its files have it."""
    inner = tuple(filter(None, str(study.folder)[len(str(folder)) :].split("/")))
    name = without_mask_words(study.id)
    return inner if study.is_named_by_folder or name in ("", *inner[-1:]) else (*inner, name)


def _loose_masks(folder: DatasetPath) -> dict[str, DatasetPath]:
    """Return the images in a folder of masks that are called after no sequence and nothing else, by their stems."""
    stems = {nifti_stem(entry): entry for entry in folder.iterdir() if is_shown(entry)}
    return {
        stem: path
        for stem, path in stems.items()
        if stem and not (names_a_sequence(stem) or is_of_something_else(stem))
    }


def _is_stated(folder: DatasetPath, stem: str) -> bool:
    """Return whether a mask's name, or its folder's, says that it is of the tumour: `mask` may be of the brain."""
    return is_of_tumours(folder.name) or is_of_tumours(stem)


def _has_masks_alone(study: StudyFolder) -> bool:
    return bool(study.masks) and not study.images
