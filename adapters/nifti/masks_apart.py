"""References in a folder of their own, as UPENN-GBM has them beside the folder of the images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from gliobench.adapters.nifti.mask_names import is_of_masks, is_of_something_else
from gliobench.adapters.nifti.study_folders import StudyFolder


def with_masks_apart(studies: Iterable[StudyFolder]) -> list[StudyFolder]:
    """Join each study with its mask in a folder of masks, where no other folder has files of the study.

    Their files name the study, and the folder's name denotes masks: one of a model's predictions is left.
    """
    by_id: dict[str, list[StudyFolder]] = defaultdict(list)
    for study in studies:
        by_id[study.id].append(study)
    return [study for same in by_id.values() for study in joined(same)]


def joined(same: list[StudyFolder]) -> list[StudyFolder]:
    """Return one study for the images and the mask of one id; otherwise the folders as they are."""
    images, *others = sorted(same, key=lambda study: not study.images)
    if len(others) != 1 or not _belong_together(images, others[0]):
        return same
    (masks,) = others
    return [replace(images, masks=masks.masks, has_misnamed_mask=masks.has_misnamed_mask)]


def _belong_together(images: StudyFolder, masks: StudyFolder) -> bool:
    if images.is_named_by_folder or masks.is_named_by_folder:
        return False
    is_apart = bool(images.images) and not images.masks and bool(masks.masks) and not masks.images
    shared = {str(place) for place in (images.folder, *images.folder.parents)}
    places = (masks.folder, *masks.folder.parents)
    own = [place.name for place in places if str(place) not in shared]
    return is_apart and any(map(is_of_masks, own[:1])) and not any(map(is_of_something_else, own))
