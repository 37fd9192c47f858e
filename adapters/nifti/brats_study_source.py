"""Studies in a folder with BraTS's layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import final

from gliobench.adapters.nifti.mask_names import is_of_masks, is_of_something_else
from gliobench.adapters.nifti.study_folders import StudyFolder, find_studies, without_strays
from gliobench.adapters.nifti.study_names import named
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource, listing
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.domain.errors import NotFoundError


@final
class BratsStudySource(NiftiStudySource):
    """Reads studies from a folder of studies, or from a folder that is one study.

    Args:
        root: Searched for studies up to three levels deep; see `study_folders` for names. Grades
            and sites come from a name_mapping.csv near the first study, see `NameMapping.near`.

    Raises:
        NotFoundError: There is no such folder, or no study in it.
        InvalidInputError: The folder or its name_mapping.csv cannot be read.
    """

    def __init__(self, root: DatasetPath | str) -> None:
        root = resolved(root)
        with listing(root):
            folders = with_masks_apart(named(without_strays(find_studies(root))))
        if not folders:
            raise NotFoundError(f"no study in {root}: wanted files such as <study>_flair.nii.gz")
        super().__init__(FoundStudies.of(folders))


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
