"""What is written about a study's images for a hospital's archive."""

from __future__ import annotations

from pathlib import Path

from gliobench.adapters.dicom.dicom_study_source import dicom_studies
from gliobench.adapters.dicom.measurement_report import Findings, write_measurement_report
from gliobench.adapters.dicom.segmentation import Author, write_segmentation
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.predict_study import Place, StudyReading
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.predictions.prediction import GradePrediction, Mask
from gliobench.domain.studies.study import Modality

_REFERRED_TO = (Modality.T1C, Modality.T2F, Modality.T2W, Modality.T1N)
"""The series that is referred to: the first that the study has."""


def write_objects(
    reading: StudyReading,
    source: StudySource,
    *,
    segmentation: Path | None = None,
    structured_report: Path | None = None,
) -> None:
    """Write a prediction as DICOM objects of the study's own images; they name the patient, as those do.

    Args:
        reading: With a mask that has a voxel.
        source: Of the study.
        segmentation: Where to write the mask; None for nowhere.
        structured_report: Where to write volumes, diameters and grade; None for nowhere.

    Raises:
        InvalidInputError: The images are no DICOM, or there is no mask with a voxel.
        FaultyStudyError: A file cannot be read.
        JobError: A file cannot be written.
    """
    images, mask = images_of(source, reading.study.id), _mask(reading)
    author = Author(reading.backend.name, reading.backend.fingerprint)
    if segmentation is not None:
        write_segmentation(segmentation, mask, images, author)
    if structured_report is not None:
        grade, lesion = reading.grade, reading.lesion
        diameters = lesion.diameters if lesion else None
        graded = grade if isinstance(grade, GradePrediction) else None
        findings = Findings(
            grade=graded.grade if graded else None,
            probability_hgg=graded.probability_hgg if graded else None,
            diameters_mm=(diameters.longest_mm, diameters.perpendicular_mm) if diameters else None,
            longest_mm=lesion.longest_mm if lesion else None,
        )
        write_measurement_report(structured_report, mask, findings, images, author)


def images_of(source: StudySource, study_id: str) -> SeriesImages:
    """Return the images that objects of a study refer to.

    Raises:
        InvalidInputError: They are no DICOM.
        FaultyStudyError: They cannot be read.
    """
    studies = dicom_studies(source)
    if studies is None:
        raise InvalidInputError(
            f"study {study_id} is not of DICOM images: a DICOM segmentation or report refers to some"
        )
    for modality in _REFERRED_TO:
        try:
            return studies.images(study_id, modality)
        except NotFoundError:
            continue
    raise InvalidInputError(f"study {study_id} has no images")


def _mask(reading: StudyReading) -> Mask:
    if not isinstance(reading.place, Place) or reading.place.mask is None:
        raise InvalidInputError("no mask with a voxel was predicted")
    return reading.place.mask
