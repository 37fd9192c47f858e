"""Studies in a folder with BraTS's layout."""

from __future__ import annotations

from typing import final

from gliobench.adapters.nifti.masks_apart import with_masks_apart
from gliobench.adapters.nifti.study_folders import find_studies, without_strays
from gliobench.adapters.nifti.study_names import named
from gliobench.adapters.nifti.study_source import FoundStudies, NiftiStudySource, listing
from gliobench.application.ports.dataset_path import DatasetPath, resolved
from gliobench.domain.errors import NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels


@final
class BratsStudySource(NiftiStudySource):
    """Reads studies from a folder of studies, or from a folder that is one study.

    Args:
        root: Searched for studies up to three levels deep; see `study_folders` for names. Grades
            and sites come from a name_mapping.csv near the first study, see `NameMapping.near`.
        labels: See `NiftiStudySource`.

    Raises:
        NotFoundError: There is no such folder, or no study in it.
        InvalidInputError: The folder or its name_mapping.csv cannot be read.
    """

    def __init__(self, root: DatasetPath | str, labels: DatasetLabels | None = None) -> None:
        root = resolved(root)
        with listing(root):
            folders = with_masks_apart(named(without_strays(find_studies(root))))
        if not folders:
            raise NotFoundError(f"no study in {root}: wanted files such as <study>_flair.nii.gz")
        super().__init__(FoundStudies.of(folders), labels)
