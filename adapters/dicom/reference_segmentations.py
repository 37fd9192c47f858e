"""DICOM segmentations as the experts' masks, without the images that they were drawn on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, final

from gliobench.adapters.dicom.found_segmentations import FoundSegmentations
from gliobench.application.ports.reference_masks import ReferenceMask, ReferenceMasks
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.studies.study import Study

Around: TypeAlias = Callable[[str, Grid], Grid]
"""Continues a grid so that it holds what is compared with the reference of a study."""


@final
class ReferenceSegmentations(ReferenceMasks):
    """Reads segmentations by study.

    Their empty slices are left out, so each is read on the smallest grid that also holds what it is
    compared with; how many voxels the images had is not known.

    Args:
        found: In a folder.
        around: See there.
    """

    def __init__(self, found: FoundSegmentations, around: Around) -> None:
        self._found, self._around = found, around

    @property
    def convention(self) -> LabelConvention:
        """Return what the segments mean."""
        return self._found.convention

    def study_ids(self) -> Sequence[str]:
        """Name the studies by their pseudonyms."""
        return sorted(self._found.masks)

    def read(self, study_id: str) -> ReferenceMask:
        """Read a segmentation."""
        mask = self._found.masks[study_id].sound()
        grid = self._around(study_id, mask.own_grid)
        study = Study(
            id=study_id,
            patient_id=self._found.patients[study_id],
            grid=grid,
            volumes={},
            native_grid=grid,
        )
        return ReferenceMask(study, mask.read(grid), is_whole=False)
