"""What is read of a DICOM file before its pixels: facts of the series, and the place of each frame."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword

from gliobench.adapters.dicom.files import (
    DicomFile,
    check_inflated,
    looks_like_dicom,
)
from gliobench.domain.errors import InvalidInputError

T = TypeVar("T")
_SEQUENCES = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
IDENTIFIERS = (
    *("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames"),
    *("PatientBirthName", "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers"),
    *("AccessionNumber", "StudyID", "ReferringPhysicianName", "PerformingPhysicianName"),
    *("OperatorsName", "RequestingPhysician", "NameOfPhysiciansReadingStudy", "InstitutionName"),
    *("InstitutionAddress", "StationName", "DeviceSerialNumber", "MilitaryRank"),
)
"""Tags that name a patient, staff or a hospital; their values are removed from what is shown."""
_NUMBERS = (
    *("RepetitionTime", "EchoTime", "InversionTime", "Rows", "Columns", "SamplesPerPixel"),
    *(
        "RescaleSlope",
        "RescaleIntercept",
        "NumberOfFrames",
        "SeriesNumber",
        "MagneticFieldStrength",
    ),
    *("DiffusionBValue", "BitsAllocated", "ContrastBolusVolume", "BitsStored"),
)
_TEXTS = (
    *("Modality", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"),
    *("SeriesDescription", "ProtocolName", "ImageType", "ScanningSequence", "BodyPartExamined"),
    *("EchoPulseSequence", "InversionRecovery", "ContrastBolusAgent", "BurnedInAnnotation"),
    *("AcquisitionDateTime", "AcquisitionTime", "SeriesTime", "ContentTime", "Manufacturer"),
    *(
        "ManufacturerModelName",
        "PhotometricInterpretation",
        "IssuerOfPatientID",
        "EchoPlanarPulseSequence",
    ),
    *("ContrastBolusAgentSequence", "ModalityLUTSequence", "DirectoryRecordSequence"),
    *("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SpecificCharacterSet"),
    "FrameOfReferenceUID",
)
_TAGS = [
    tag
    for name in (*_NUMBERS, *_TEXTS, *IDENTIFIERS, *_SEQUENCES)
    if (tag := tag_for_keyword(name))
]
_LONGEST_TEXT = 1024
_MR_IMAGES = ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1")
"""Classes of objects that have pixels, where tags before them were read."""
_PARTS = {
    "position": ("PlanePositionSequence", "ImagePositionPatient"),
    "orientation": ("PlaneOrientationSequence", "ImageOrientationPatient"),
    "spacing_mm": ("PixelMeasuresSequence", "PixelSpacing"),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One slice of one file.

    Args:
        index: Of the frame in its file.
        position_mm: (3,) centre of the first pixel, LPS; None where it is not stated.
        orientation: (6,) directions of rows and columns; None as above.
        spacing_mm: Between rows and between columns; None as above.
        image_type: In capitals.
        echo_ms: TE.
        inversion_ms: TI.
        slope: True value = stored value times `slope` plus `intercept`.
        intercept: See `slope`.
        diffusion: Whether it has diffusion weights.
    """

    index: int
    position_mm: tuple[float, ...] | None
    orientation: tuple[float, ...] | None
    spacing_mm: tuple[float, ...] | None
    image_type: tuple[str, ...]
    echo_ms: float | None
    inversion_ms: float | None
    slope: float
    intercept: float
    diffusion: bool


@dataclass(frozen=True, slots=True, eq=False)
class Header:
    """One file of MR images.

    Args:
        file: The file.
        study_uid: Of the study; never shown, as the other two.
        series_uid: Of the series.
        instance_uid: Of the file.
        patient: What identifies the patient, by name and number; empty where nothing does.
        site: What identifies where it was acquired; empty where nothing does.
        texts: Values of other tags.
        numbers: Values of other tags.
        identifiers: Values that no output may hold.
        frames: One or more.
    """

    file: DicomFile
    study_uid: str
    series_uid: str
    instance_uid: str
    patient: tuple[str, ...]
    site: str
    texts: dict[str, str]
    numbers: dict[str, float]
    identifiers: frozenset[str] = field(repr=False)
    frames: tuple[Frame, ...] = ()

    def number(self, name: str) -> float | None:
        """Return a number by its keyword; None where it is absent."""
        return self.numbers.get(name)

    def text(self, name: str) -> str:
        """Return a text by its keyword; empty where it is absent."""
        return self.texts.get(name, "")


@dataclass(frozen=True, slots=True)
class Listing:
    """A DICOMDIR: instances by series, all of them UIDs.

    Args:
        instances: Of each series.
    """

    instances: dict[str, frozenset[str]]


def read_header(file: DicomFile) -> Header | Listing | None:
    """Read the tags of a file that is used; no pixel is read.

    Returns:
        None where the file is DICOM and no MR image, such as a report or a segmentation.

    Raises:
        InvalidInputError: It is no DICOM, or damaged; the message has no name.
    """
    with file.opened() as opened:
        start = opened.read(2048)
        if not looks_like_dicom(start):
            raise InvalidInputError("a file that is no DICOM")
        opened.seek(0)
        if b"1.2.840.10008.1.2.1.99" in start:
            check_inflated(opened.read())
            opened.seek(0)
        dataset = _parsed(opened)
        try:
            return _header(file, dataset)
        except InvalidInputError:
            raise
        except Exception as error:  # values are parsed when they are looked at
            raise InvalidInputError("a DICOM file with damaged tags") from error


def _parsed(opened: Any) -> Dataset:  # noqa: ANN401 -- a file
    try:
        return dcmread(opened, stop_before_pixels=True, force=True, specific_tags=_TAGS)
    except Exception as error:  # pydicom raises whatever damaged bytes lead to
        raise InvalidInputError("a DICOM file that is damaged or truncated") from error


def _header(file: DicomFile, dataset: Dataset) -> Header | Listing | None:
    if "DirectoryRecordSequence" in dataset:
        return _listing(dataset)
    texts = {name: text for name in _TEXTS if (text := _text(dataset, name))}
    has_image = bool(_number(dataset, "Rows"))
    if not texts.get("Modality") or (texts.get("SOPClassUID") in _MR_IMAGES and not has_image):
        raise InvalidInputError("a DICOM file that is damaged or truncated")
    if texts["Modality"].upper() != "MR" or not has_image:
        return None
    study, series = texts.get("StudyInstanceUID", ""), texts.get("SeriesInstanceUID", "")
    if not study or not series:
        raise InvalidInputError("an MR image without the UID of its study or its series")
    if (
        _has(dataset, "ContrastBolusAgentSequence")
        or (_number(dataset, "ContrastBolusVolume") or 0) > 0
    ):
        texts.setdefault("ContrastBolusAgent", "unnamed")
    names = {name: _text(dataset, name) for name in IDENTIFIERS}
    numbers = {name: value for name in _NUMBERS if (value := _number(dataset, name)) is not None}
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    numbers |= {
        name: value for name, value in _shared_numbers(shared).items() if name not in numbers
    }
    return Header(
        file=file,
        study_uid=study,
        series_uid=series,
        instance_uid=texts.get("SOPInstanceUID", ""),
        patient=_patient(names, texts.get("IssuerOfPatientID", "")),
        site=names["InstitutionName"] or names["DeviceSerialNumber"] or names["StationName"],
        texts=texts,
        numbers=numbers,
        identifiers=frozenset(value for value in (*names.values(), study, series) if value),
        frames=tuple(_frames(dataset, shared)),
    )


def _patient(names: dict[str, str], issuer: str) -> tuple[str, ...]:
    """Return a patient's number, or without one name and birth date."""
    if names["PatientID"]:
        return (names["PatientID"], issuer)
    if names["PatientName"]:
        return (names["PatientName"], names["PatientBirthDate"], "by name")
    return ()


def _listing(dataset: Dataset) -> Listing:
    found: dict[str, set[str]] = {}
    series = ""
    for record in dataset.DirectoryRecordSequence:
        if _text(record, "DirectoryRecordType") == "SERIES":
            series = _text(record, "SeriesInstanceUID")
        elif (uid := _text(record, "ReferencedSOPInstanceUIDInFile")) and series:
            found.setdefault(series, set()).add(uid)
    return Listing({uid: frozenset(instances) for uid, instances in found.items()})


def _shared_numbers(shared: Dataset | None) -> dict[str, float]:
    timing = _first(shared, "MRTimingAndRelatedParametersSequence")
    value = _number(timing, "RepetitionTime") if timing is not None else None
    return {} if value is None else {"RepetitionTime": value}


def _frames(dataset: Dataset, shared: Dataset | None) -> Iterator[Frame]:
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    count = int(_number(dataset, "NumberOfFrames") or 1)
    if not groups:
        if count != 1:
            raise InvalidInputError(f"an image of {count} frames that does not say where they lie")
        yield _frame(0, dataset, ())
        return
    if len(groups) != count:
        raise InvalidInputError(f"an image that places {len(groups)} frames of {count}")
    for index, group in enumerate(groups):
        yield _frame(index, dataset, tuple(item for item in (group, shared) if item is not None))


def _frame(index: int, dataset: Dataset, groups: Sequence[Dataset]) -> Frame:
    placed = {name: _grouped(dataset, groups, path, _floats) for name, path in _PARTS.items()}
    slope = _grouped(dataset, groups, ("PixelValueTransformationSequence", "RescaleSlope"), _number)
    intercept = _grouped(
        dataset, groups, ("PixelValueTransformationSequence", "RescaleIntercept"), _number
    )
    frame_type = _grouped(dataset, groups, ("MRImageFrameTypeSequence", "FrameType"), _text)
    echo = _grouped(dataset, groups, ("MREchoSequence", "EffectiveEchoTime"), _number)
    inversion = _grouped(dataset, groups, ("MRModifierSequence", "InversionTimes"), _floats)
    b_value = _grouped(dataset, groups, ("MRDiffusionSequence", "DiffusionBValue"), _number)
    if inversion is None and (single := _number(dataset, "InversionTime")):
        inversion = (single,)
    return Frame(
        index=index,
        position_mm=placed["position"],
        orientation=placed["orientation"],
        spacing_mm=placed["spacing_mm"],
        image_type=_values(frame_type or _text(dataset, "ImageType")),
        echo_ms=echo if echo is not None else _number(dataset, "EchoTime"),
        inversion_ms=inversion[0] if inversion else None,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        diffusion=bool(b_value),
    )


def _grouped(
    dataset: Dataset,
    groups: Sequence[Dataset],
    path: tuple[str, str],
    read: Callable[[Dataset, str], T | None],
) -> T | None:
    """Look a value up in a frame's own groups, then in the shared ones, then in the file."""
    sequence, name = path
    for group in groups:
        item = _first(group, sequence)
        if item is not None and (value := read(item, name)):
            return value
    return read(dataset, name) or None


def _first(dataset: Dataset | None, sequence: str) -> Dataset | None:
    items = None if dataset is None else dataset.get(sequence)
    return items[0] if items else None


def _has(dataset: Dataset, sequence: str) -> bool:
    return bool(dataset.get(sequence))


def _text(dataset: Dataset, name: str) -> str:
    value = dataset.get(name)
    if value is None:
        return ""
    parts = value if not isinstance(value, str) and isinstance(value, Sequence) else [value]
    return "\\".join(map(str, parts))[:_LONGEST_TEXT].strip("\0 ")


def _values(text: str) -> tuple[str, ...]:
    return tuple(part.strip().upper() for part in text.split("\\") if part.strip())


def _number(dataset: Dataset, name: str) -> float | None:
    values = _floats(dataset, name)
    return values[0] if values else None


def _floats(dataset: Dataset, name: str) -> tuple[float, ...] | None:
    value = dataset.get(name)
    if value is None or value == "":
        return None
    parts = value if not isinstance(value, str) and hasattr(value, "__iter__") else [value]
    numbers = tuple(float(part) for part in parts)
    if not all(map(math.isfinite, numbers)):
        raise InvalidInputError(f"an MR image whose {name} is not finite")
    return numbers or None
