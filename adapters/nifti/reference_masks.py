"""The experts' masks in a folder of NIfTI files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from gliobench.adapters.nifti.image_file import ImageFile
from gliobench.adapters.nifti.mask_file import read_regions
from gliobench.adapters.nifti.predicted_mask_names import MaskFiles
from gliobench.application.ports.reference_masks import ReferenceMask, ReferenceMasks
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.studies.patients import patient_of
from gliobench.domain.studies.study import Study


@final
class NiftiReferenceMasks(ReferenceMasks):
    """Reads masks by study."""

    def __init__(self, files: MaskFiles, convention: LabelConvention) -> None:
        self._files, self._convention = files, convention

    @property
    def convention(self) -> LabelConvention:
        """Return the convention."""
        return self._convention

    def study_ids(self) -> Sequence[str]:
        """Name the studies."""
        return sorted(self._files.paths)

    def read(self, study_id: str) -> ReferenceMask:
        """Read a mask on its own grid."""
        path = self._files.paths[study_id]
        image = ImageFile.open(path)
        study = Study(
            id=study_id,
            patient_id=patient_of(study_id).id,
            grid=image.grid,
            volumes={},
            native_grid=image.native_grid,
            oriented=image.is_placed,
        )
        return ReferenceMask(study, read_regions(path, image.grid, self._convention))
