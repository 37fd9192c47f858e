"""DICOM segmentations as masks, whatever their files are called: those of a program, and the experts'."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TypeAlias, final

from gliobench.adapters.dicom.dicom_study_source import dicom_studies
from gliobench.adapters.dicom.found_segmentations import FoundSegmentations, find_segmentations
from gliobench.adapters.dicom.segmentation_mask import THRESHOLD, SegmentationMask
from gliobench.adapters.dicom.study_masks import MaskEntry
from gliobench.adapters.dicom.united_mask import UnitedMask
from gliobench.application.backends.mask_answers import (
    NOTHING_BESIDE,
    MaskAnswers,
    MasksAlone,
    unusable,
)
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.application.ports.prediction_files import IGNORED, OF_NO_STUDY
from gliobench.application.ports.reference_masks import ReferenceMask, ReferenceMasks
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.resampling import nearest
from gliobench.domain.geometry.slice_lattice import covering
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    LocalisationPrediction,
)
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.pseudonyms import Pseudonyms
from gliobench.domain.studies.study import Study

Around: TypeAlias = Callable[[str, Grid], Grid]
"""Continues a grid so that it holds what is compared with the reference of a study."""


@final
class PredictedSegmentations(MasksAlone):
    """Reads segmentations as answers.

    Args:
        found: In a folder.
        beside: What is said of studies beside their masks.
        resample: Take the nearest voxel of a mask on another grid, instead of refusing it.

    Raises:
        InvalidInputError: A study has a mask and a failure.
    """

    def __init__(
        self,
        found: FoundSegmentations,
        beside: MaskAnswers = NOTHING_BESIDE,
        *,
        resample: bool = False,
    ) -> None:
        self._found, self._beside, self._resample = found, beside, resample
        beside.check_apart({study_id: one.facts.id for study_id, one in found.masks.items()})

    @cached_property
    def fingerprint(self) -> str:
        """Hash the files and how they are read."""
        how = f"{THRESHOLD} {'nearest ' * self._resample}{self._beside.values()}"
        digest = sha256(how.encode(errors="surrogatepass"))
        for study_id, entry in sorted(self._found.masks.items()):
            digest.update(f"{study_id} {_hash(entry)}\n".encode())
        return digest.hexdigest()

    @property
    def provenance(self) -> Mapping[str, str]:
        """Describe the files."""
        grids = "nearest voxel where the grid differs" if self._resample else "on the study's grid"
        said = {
            "masks": f"{len(self._found.masks)} DICOM segmentations, fractions above "
            f"{THRESHOLD:g} inside, {grids}"
        }
        if self._found.passed_over:
            others = (f"{reason} ({n})" for reason, n in self._found.passed_over.items())
            said[IGNORED] = ", ".join(others)
        if self._found.strays:
            said[f"masks {OF_NO_STUDY}"] = f"{len(self._found.strays)} segmentations"
        return said

    def holds(self, study_id: str) -> bool:
        """Return whether there is a mask of a study, or why there is none."""
        return study_id in self._found.masks or study_id in self._beside.failures

    def around(self, study_id: str, grid: Grid) -> Grid:
        """Continue a grid so that it holds the mask of a study; one that cannot be used is ignored.

        Raises:
            InvalidInputError: The grid would be too long.
        """
        try:
            own = self._found.masks[study_id].sound().own_grid
        except (KeyError, FaultError):  # reported where it is read
            return grid
        return covering(grid, own)

    def localise(self, study: Study) -> LocalisationPrediction | Failure:
        """Read a study's mask."""
        entry = self._found.masks.get(study.id)
        if entry is None:
            return self._beside.without_mask(study)
        try:
            mask = entry.sound()
            return self._beside.with_mask(study, self._regions(mask, study.grid), mask.convention)
        except FaultError as error:
            return unusable(error, named=str(error))

    def _regions(self, mask: SegmentationMask | UnitedMask, grid: Grid) -> dict[Region, BoolArray]:
        try:
            return mask.read(grid)
        except FaultyStudyError as error:
            if error.kind is not FaultKind.AFFINE_MISMATCH:
                raise
            elsewhere = FaultyStudyError(
                error.kind, f"{error}: wanted the same grid, or --resample"
            )
        if not self._resample:
            raise elsewhere
        own = mask.own_grid
        regions = mask.read(own)
        moved = {region: nearest(its, source=own, target=grid) for region, its in regions.items()}
        if any(its.any() for its in regions.values()) and not any(
            its.any() for its in moved.values()
        ):
            raise elsewhere
        return moved


def predicted_segmentations(
    place: DatasetPath,
    pseudonyms: Pseudonyms,
    *,
    source: StudySource | None,
    excluded: Collection[str] = (),
    beside: MaskAnswers,
    resample: bool = False,
) -> PredictedSegmentations:
    """Find the segmentations of a folder or a zip, and the studies that they are of.

    Args:
        place: With segmentations under any names.
        pseudonyms: Those of the studies.
        source: The studies; None where they are not known yet.
        excluded: Series that are left out, by their pseudonym or UID.
        beside: What is said of studies beside their masks.
        resample: Take the nearest voxel of a mask on another grid.

    Raises:
        InvalidInputError: The studies are no DICOM, there are images in the folder, two segmentations are
            of one study, or an excluded one is not there.
    """
    studies = None if source is None else dicom_studies(source)
    if source is not None and studies is None:
        raise InvalidInputError(
            f"{place}: holds DICOM segmentations, and the dataset no DICOM: wanted NIfTI masks"
        )
    found = find_segmentations(
        place,
        pseudonyms,
        by_series={} if studies is None else studies.by_series(),
        known=None if source is None else frozenset(source.study_ids()),
        excluded=excluded,
    )
    return PredictedSegmentations(found, beside, resample=resample)


def _hash(entry: MaskEntry) -> str:
    try:
        return entry.content()
    except FaultError as error:  # reported when it is read as an answer
        return str(error)


@final
class ReferenceSegmentations(ReferenceMasks):
    """Reads segmentations by study.

    Their empty slices are left out, so each is read on the smallest grid that also holds what it is
    compared with; how many voxels the images had is not known.
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
