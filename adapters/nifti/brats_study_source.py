"""Studies in a folder with BraTS's layout."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import final

from gliobench.adapters.nifti.mask_folders import are_in_folders_of_sequences
from gliobench.adapters.nifti.mask_names import is_of_masks, is_of_something_else
from gliobench.adapters.nifti.no_study import no_study_in
from gliobench.adapters.nifti.study_folders import StudyFolder, find_studies, without_strays
from gliobench.adapters.nifti.study_names import named
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource, listing
from gliobench.application.ports.dataset_path import DatasetPath, resolved


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
            folders = joined_folders(named(without_strays(find_studies(root))))
            if not folders:
                raise no_study_in(root)
        super().__init__(FoundStudies.of(folders))


def joined_folders(studies: Iterable[StudyFolder]) -> list[StudyFolder]:
    """Join the folders of each study, where the files name it and each folder what it holds.

    That is one sequence, as in `IXI-T1`, or masks, as in UPENN-GBM's `images_segm`; a folder of a model's
    predictions is left.
    """
    by_id: dict[str, list[StudyFolder]] = defaultdict(list)
    for study in studies:
        by_id[study.id].append(study)
    return [study for same in by_id.values() for study in joined(same)]


def joined(same: list[StudyFolder]) -> list[StudyFolder]:
    """Return one study for the images and the mask of one id; otherwise the folders as they are."""
    images = [study for study in same if study.images]
    masks = [study for study in same if not study.images]
    if len(same) == 1 or not images or any(study.is_named_by_folder for study in same):
        return same
    if not are_in_folders_of_sequences(images) or not all(
        _belongs_to(images, item) for item in masks
    ):
        return same
    study = replace(
        images[0],
        images={modality: paths for item in images for modality, paths in item.images.items()},
        masks=[path for item in (*images, *masks) for path in item.masks],
        other_masks=[path for item in images for path in item.other_masks],
        has_misnamed_mask=any(item.has_misnamed_mask for item in same),
    )
    return [study]


def _belongs_to(images: list[StudyFolder], masks: StudyFolder) -> bool:
    """Return whether masks lie in a folder that is named after masks, where the images have none."""
    shared = {str(place) for study in images for place in (study.folder, *study.folder.parents)}
    places = (masks.folder, *masks.folder.parents)
    own = [place.name for place in places if str(place) not in shared]
    is_apart = bool(masks.masks) and not any(study.masks for study in images)
    return is_apart and any(map(is_of_masks, own[:1])) and not any(map(is_of_something_else, own))
