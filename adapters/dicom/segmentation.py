"""Masks as DICOM segmentations, on the frames of the images that they are of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import accumulate
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentDescription
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from gliobench import __version__
from gliobench.adapters.dicom.segment_codes import WRITTEN
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.adapters.dicom.tags import silence_pydicom
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import reorient
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS
from gliobench.domain.labels.regions import NESTED, REGION_TITLES, Region
from gliobench.domain.predictions.prediction import Mask

MAKER, NUMBER = "gliobench", 7700
"""Manufacturer, and the number of the first series that is written about a study."""
_MAY_BE_EMPTY = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "PositionReferenceIndicator"),
    *("SeriesNumber", "InstanceNumber", "Manufacturer"),
)
"""Tags that images must have, be they empty, and that scanners and exports leave out."""


@dataclass(frozen=True, slots=True)
class Author:
    """What made a segmentation or a report.

    Args:
        backend: Its name.
        fingerprint: Hash of all that decides its answers.
    """

    backend: str
    fingerprint: str

    @property
    def algorithm(self) -> highdicom.AlgorithmIdentificationSequence:
        """The backend as DICOM names an algorithm."""
        return highdicom.AlgorithmIdentificationSequence(
            name=self.backend,
            family=codes.DCM.ArtificialIntelligence,
            version=f"gliobench {__version__}, {self.fingerprint[:16]}",
            source=MAKER,
        )

    def uid(self, *parts: str) -> str:
        """Make a UID of what something is: the same thing written twice has one UID."""
        return str(generate_uid(entropy_srcs=[self.backend, self.fingerprint, *parts]))


def segmentation_of(mask: Mask, images: SeriesImages, author: Author) -> Segmentation:
    """Make a segmentation object of a mask.

    Args:
        mask: On the grid of the images, in any orientation; one segment is made of each nested region,
            without frames where the region is empty. Inner regions extend the outer ones.
        images: The series that it refers to, frame by frame.
        author: What made the mask.

    Raises:
        InvalidInputError: The mask has no voxel, lies on another grid, or the images share a multi-frame
            file with others.
        FaultyStudyError: A file cannot be read.
    """
    silence_pydicom()
    if mask.is_empty:
        raise InvalidInputError("an empty mask makes no DICOM segmentation")
    found = [region for region in NESTED if region in mask.regions]
    inner_first = accumulate((mask.regions[region] for region in reversed(found)), np.logical_or)
    native = [
        reorient(region, source=mask.grid, target=images.native_grid)
        for region in reversed([*inner_first])
    ]
    sources, slices = _in_file_order(placed_tags(images))
    frames = np.stack([region.transpose(2, 1, 0)[slices] for region in native], axis=-1)
    series = str(sources[0].SeriesInstanceUID)
    content = sha256(np.packbits(frames).tobytes()).hexdigest()
    return Segmentation(
        source_images=sources,
        pixel_array=frames.astype(np.uint8),
        segmentation_type="BINARY",
        segment_descriptions=[
            _described(number, region, author, series) for number, region in enumerate(found, 1)
        ],
        series_instance_uid=author.uid(series, "segmentation"),
        series_number=NUMBER,
        sop_instance_uid=author.uid(series, "segmentation", content),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=author.backend,
        software_versions=__version__,
        **_geometry(images.native_grid, slices, sources[0]),
        device_serial_number=author.fingerprint[:16] or "none",
        content_label="TUMOUR",
        content_description="Predicted by a model: for research only",
        series_description=f"{author.backend}: for research only",
    )


def write_segmentation(path: Path, mask: Mask, images: SeriesImages, author: Author) -> None:
    """Write a mask as a DICOM segmentation; it names the patient, as its images do.

    Raises:
        InvalidInputError: As `segmentation_of`.
        FaultyStudyError: A file cannot be read.
        JobError: The file cannot be written.
    """
    write_object(path, segmentation_of(mask, images, author))


def write_object(path: Path, made: Dataset) -> None:
    """Write a DICOM object whole.

    Raises:
        JobError: The file cannot be written.
    """
    content = BytesIO()
    made.save_as(content, enforce_file_format=True)
    write_whole(path, content.getvalue())


def placed_tags(images: SeriesImages) -> list[tuple[Dataset, int]]:
    """Read the tags of each slice's file and the index of its frame; tags that may be empty are there.

    Raises:
        InvalidInputError: The images name no frame of reference.
        FaultyStudyError: A file cannot be read.
    """
    placed = list(images.datasets())
    for dataset, _ in placed:
        for name in _MAY_BE_EMPTY:
            if name not in dataset:
                setattr(dataset, name, None)
        for measures in (dataset, *_measures(dataset)):
            if not measures.get("SliceThickness"):
                measures.SliceThickness = images.native_grid.spacing_mm[2]
        if not dataset.get("FrameOfReferenceUID"):
            raise InvalidInputError(
                f"{images.name}: its images have no FrameOfReferenceUID: nothing can be written about them"
            )
    return placed


def _measures(dataset: Dataset) -> Iterator[Dataset]:
    """Return what the functional groups of a multi-frame file say of pixels' sizes."""
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in dataset.get(name) or ():
            yield from group.get("PixelMeasuresSequence") or ()


def label_of(region: Region) -> str:
    """Name a region's segment."""
    oedema = ", oedema included" if region is Region.WT else ""
    return f"{region.value}: {REGION_TITLES[region]}{oedema}"


def _described(number: int, region: Region, author: Author, series: str) -> SegmentDescription:
    return SegmentDescription(
        segment_number=number,
        segment_label=label_of(region),
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=WRITTEN[region],
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=author.algorithm,
        tracking_uid=author.uid(series, region.value),
        tracking_id=f"{author.backend} {region.value}",
        anatomic_regions=[codes.SCT.Brain],
    )


def _geometry(grid: Grid, slices: Sequence[int], source: Dataset) -> dict[str, Any]:
    """Return where the frames lie, from the grid: tags of some scanners lack a part of it."""
    (columns_mm, rows_mm, slices_mm), lps = grid.spacing_mm, LPS_TO_RAS @ grid.affine
    rows, columns = lps[:3, 0] / columns_mm, lps[:3, 1] / rows_mm
    return {
        "pixel_measures": highdicom.PixelMeasuresSequence(
            pixel_spacing=(rows_mm, columns_mm),
            slice_thickness=float(source.get("SliceThickness") or slices_mm),
            spacing_between_slices=slices_mm,
        ),
        "plane_orientation": highdicom.PlaneOrientationSequence(
            coordinate_system="PATIENT", image_orientation=(*rows, *columns)
        ),
        "plane_positions": [
            highdicom.PlanePositionSequence(
                coordinate_system="PATIENT", image_position=(lps[:3, 3] + k * lps[:3, 2]).tolist()
            )
            for k in slices
        ],
    }


def _in_file_order(placed: Sequence[tuple[Dataset, int]]) -> tuple[list[Dataset], list[int]]:
    """Return the files, and the slice that each of their frames shows."""
    files = [dataset for dataset, _ in placed]
    if "NumberOfFrames" not in files[0]:
        return files, list(range(len(files)))
    indices = [index for _, index in placed]
    uids = {str(dataset.SOPInstanceUID) for dataset in files}
    if len(uids) > 1 or sorted(indices) != list(range(int(files[0].NumberOfFrames))):
        raise InvalidInputError(
            "the images share a multi-frame file with others, or fill several: no DICOM segmentation "
            "can be written of them"
        )
    return files[:1], sorted(range(len(indices)), key=indices.__getitem__)
