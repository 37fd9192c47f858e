"""What was predicted of a study as a DICOM structured report of measurements (TID 1500)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from highdicom.seg import Segmentation
from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    FindingSite,
    Measurement,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    QualitativeEvaluation,
    ReferencedSegment,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom import Dataset
from pydicom.sr.codedict import codes

from gliobench import __version__
from gliobench.adapters.dicom.segment_codes import WRITTEN
from gliobench.adapters.dicom.segmentation import (
    MAKER,
    NUMBER,
    Author,
    label_of,
    placed_tags,
    segmentation_of,
    write_object,
)
from gliobench.adapters.dicom.series_images import SeriesImages
from gliobench.adapters.dicom.tags import silence_pydicom
from gliobench.application.predict.archived_findings import ArchivedFindings
from gliobench.domain.labels.regions import Region
from gliobench.domain.studies.study import Grade

_SCHEME = "99GLIOBENCH"
"""Of the few codes that no standard has."""
_GRADES = {
    Grade.HGG: CodedConcept("high-grade", _SCHEME, "High-grade glioma"),
    Grade.LGG: CodedConcept("low-grade", _SCHEME, "Low-grade glioma"),
}
_PROBABILITY_HGG = CodedConcept("probability-hgg", _SCHEME, "Probability of high-grade glioma")
_USE = CodedConcept("permitted-use", _SCHEME, "Permitted use")
_RESEARCH = CodedConcept("research", _SCHEME, "Research use only, not for diagnosis")


def write_measurement_report(
    path: Path, findings: ArchivedFindings, images: SeriesImages, author: Author
) -> None:
    """Write volumes, diameters and grade; the segmentation that it refers to is `segmentation_of` them.

    Raises:
        InvalidInputError: As `segmentation_of`.
        FaultyStudyError: A file cannot be read.
        JobError: The file cannot be written.
    """
    silence_pydicom()
    mask = findings.mask
    segmentation = segmentation_of(mask, images, author)
    sources = [dataset for dataset, _ in placed_tags(images)]
    sources = list({str(source.SOPInstanceUID): source for source in sources}.values())
    volumes = {
        label_of(region): float(voxels.sum()) * mask.grid.voxel_volume_mm3
        for region, voxels in mask.regions.items()
        if region in WRITTEN
    }
    groups = [
        _group(segment, segmentation, volumes, findings, author)
        for segment in segmentation.SegmentSequence
        if volumes[str(segment.SegmentLabel)]
    ]
    content = MeasurementReport(
        observation_context=ObservationContext(observer_device_context=_observer(author)),
        procedure_reported=codes.SCT.ImagingProcedure,
        imaging_measurements=groups,
        title=codes.DCM.ImagingMeasurementReport,
    )
    series = str(sources[0].SeriesInstanceUID)
    write_object(
        path,
        Comprehensive3DSR(
            evidence=[*sources, segmentation],
            content=content[0],
            series_instance_uid=author.uid(series, "report"),
            series_number=NUMBER + 1,
            sop_instance_uid=author.uid(str(segmentation.SOPInstanceUID), "report"),
            instance_number=1,
            manufacturer=MAKER,
            series_description=f"{author.backend}: for research only",
        ),
    )


def _observer(author: Author) -> ObserverContext:
    return ObserverContext(
        observer_type=codes.DCM.Device,
        observer_identifying_attributes=DeviceObserverIdentifyingAttributes(
            uid=author.uid("device"),
            name=author.backend,
            manufacturer_name=MAKER,
            model_name=f"gliobench {__version__}",
        ),
    )


def _group(
    segment: Dataset,
    segmentation: Segmentation,
    volumes_mm3: Mapping[str, float],
    findings: ArchivedFindings,
    author: Author,
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    label, number = str(segment.SegmentLabel), int(segment.SegmentNumber)
    is_whole = label == label_of(Region.WT)
    measured = [
        Measurement(
            name=codes.SCT.Volume, value=volumes_mm3[label], unit=codes.UCUM.CubicMillimeter
        )
    ]
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=TrackingIdentifier(
            uid=str(segment.TrackingUID), identifier=str(segment.TrackingID)
        ),
        referenced_segment=ReferencedSegment.from_segmentation(segmentation, number),
        finding_type=segment.SegmentedPropertyTypeCodeSequence[0],
        algorithm_id=AlgorithmIdentification(name=author.backend, version=__version__),
        finding_sites=[FindingSite(anatomic_location=codes.SCT.Brain)],
        measurements=[*measured, *(_of_whole(findings) if is_whole else ())],
        qualitative_evaluations=[*(_said(findings) if is_whole else ())],
    )


def _of_whole(findings: ArchivedFindings) -> Iterator[Measurement]:
    if findings.diameters_mm is not None:
        for name, value in zip(
            (codes.SCT.LongAxis, codes.SCT.ShortAxis), findings.diameters_mm, strict=True
        ):
            yield Measurement(name=name, value=value, unit=codes.UCUM.Millimeter)
    if findings.longest_mm is not None:
        yield Measurement(
            name=codes.SCT.Diameter, value=findings.longest_mm, unit=codes.UCUM.Millimeter
        )
    if findings.grade is not None and findings.grade.probability_hgg is not None:
        yield Measurement(
            name=_PROBABILITY_HGG, value=findings.grade.probability_hgg, unit=codes.UCUM.NoUnits
        )


def _said(findings: ArchivedFindings) -> Iterator[QualitativeEvaluation]:
    if findings.grade is not None:
        yield QualitativeEvaluation(
            name=codes.SCT.HistologicGrade, value=_GRADES[findings.grade.grade]
        )
    yield QualitativeEvaluation(name=_USE, value=_RESEARCH)
