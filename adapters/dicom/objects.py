"""What is written about a study's images for a hospital's archive."""

from __future__ import annotations

from pathlib import Path

from gliobench.adapters.dicom.dicom_study_source import dicom_studies
from gliobench.adapters.dicom.measurement_report import write_measurement_report
from gliobench.adapters.dicom.segmentation import Author, write_segmentation
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.archived_findings import ArchivedFindings
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.study import Modality

_REFERRED_TO = (Modality.T1C, Modality.T2F, Modality.T2W, Modality.T1N)
"""The series that is referred to: the first that the study has."""


def write_objects(
    found: ArchivedFindings,
    source: StudySource,
    *,
    segmentation: Path | None = None,
    structured_report: Path | None = None,
) -> None:
    """Write a prediction as DICOM objects of the study's own images; they name the patient, as those do.

    Args:
        found: In the study.
        source: Of the study.
        segmentation: Where to write the mask; None for nowhere.
        structured_report: Where to write volumes, diameters and grade; None for nowhere.

    Raises:
        InvalidInputError: The images are no DICOM, or the mask lies on another grid.
        FaultyStudyError: A file cannot be read.
        JobError: A file cannot be written.
    """
    images = images_of(source, found.study_id, on=found.mask.grid)
    author = Author(found.backend, found.fingerprint)
    if segmentation is not None:
        write_segmentation(segmentation, found.mask, images, author)
    if structured_report is not None:
        write_measurement_report(structured_report, found, images, author)


def images_of(source: StudySource, study_id: str, *, on: Grid | None = None) -> SeriesImages:
    """Return the images that objects of a study refer to.

    Args:
        source: Of the study.
        study_id: The study.
        on: A grid that they must cover; None for any.

    Raises:
        InvalidInputError: They are no DICOM, or none covers the grid.
        FaultyStudyError: They cannot be read.
    """
    studies = dicom_studies(source)
    if studies is None:
        raise InvalidInputError(
            f"study {study_id} is not of DICOM images: a DICOM segmentation or report refers to some"
        )
    for modality in _REFERRED_TO:
        try:
            images = studies.images(study_id, modality)
        except NotFoundError:
            continue
        if on is None or images.covers(on):
            return images
    raise InvalidInputError(
        f"study {study_id} has no images" + " on the grid of the mask" * bool(on)
    )
