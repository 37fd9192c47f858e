"""What is read of a DICOM file before its pixels: facts of the series, and the place of each frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.datadict import tag_for_keyword

from gliobench.adapters.dicom.files import DicomFile, check_inflated, looks_like_dicom
from gliobench.adapters.dicom.frames import Frame, frames_in, groups_of_frames
from gliobench.adapters.dicom.segmentation_headers import (
    CLASSES,
    TAGS,
    SegmentationHeader,
    segmentation_header,
)
from gliobench.adapters.dicom.tags import first_item, grouped, number_of, text_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.pseudonyms import is_placeholder
from gliobench.domain.studies.series import DAY_S

_SEQUENCES = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
IDENTIFIERS = (
    *("PatientName", "PatientID", "PatientBirthDate", "OtherPatientIDs", "OtherPatientNames"),
    *("PatientBirthName", "PatientMotherBirthName", "PatientAddress", "PatientTelephoneNumbers"),
    *("AccessionNumber", "StudyID", "ReferringPhysicianName", "PerformingPhysicianName"),
    *("OperatorsName", "RequestingPhysician", "NameOfPhysiciansReadingStudy", "InstitutionName"),
    *("InstitutionAddress", "StationName", "DeviceSerialNumber", "MilitaryRank"),
)
"""Tags that name a patient, staff or a hospital; their values are removed from what is shown."""
_NIFTI = (".nii", ".nii.gz")
_SITES = ("InstitutionName", "DeviceSerialNumber", "StationName")
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
    *("AcquisitionNumber", "SliceThickness"),
)
_TEXTS = (
    *("Modality", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"),
    *("SeriesDescription", "ProtocolName", "ImageType", "ScanningSequence", "BodyPartExamined"),
    *("EchoPulseSequence", "InversionRecovery", "ContrastBolusAgent", "BurnedInAnnotation"),
    *(
        "AcquisitionDateTime",
        "AcquisitionDate",
        "AcquisitionTime",
        "SeriesTime",
        "ContentTime",
        "Manufacturer",
    ),
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
    for name in (*_NUMBERS, *_TEXTS, *IDENTIFIERS, *_SEQUENCES, *TAGS)
    if (tag := tag_for_keyword(name))
]
_MR_IMAGES = ("1.2.840.10008.5.1.4.1.1.4", "1.2.840.10008.5.1.4.1.1.4.1")
"""Classes of objects that have pixels, where tags before them were read."""


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

    @property
    def acquired_s(self) -> float | None:
        """When it was acquired, in seconds since the year 1, or since midnight; None where unknown."""
        at = self.text("AcquisitionDateTime")
        times = map(self.text, ("AcquisitionTime", "SeriesTime", "ContentTime"))
        digits = (at[8:] or next(filter(None, times), ""))[:6]
        day_s = _day(at[:8] or self.text("AcquisitionDate")) * DAY_S
        if len(digits) < 6 or not (digits.isascii() and digits.isdigit()):
            return day_s or None
        return day_s + int(digits[:2]) * 3600.0 + int(digits[2:4]) * 60 + int(digits[4:])


def _day(text: str) -> int:
    """Count the days since the year 1; 0 where the text is no date."""
    try:
        return datetime.strptime(text, "%Y%m%d").toordinal()
    except ValueError:
        return 0


@dataclass(frozen=True, slots=True)
class Listing:
    """A DICOMDIR: instances by series, all of them UIDs.

    Args:
        instances: Of each series.
    """

    instances: dict[str, frozenset[str]]


def read_header(file: DicomFile) -> Header | SegmentationHeader | Listing | None:
    """Read the tags of a file that is used; no pixel is read.

    Returns:
        None where the file is DICOM and neither MR image nor segmentation, such as a report.

    Raises:
        InvalidInputError: It is no DICOM, or damaged; the message has no name.
    """
    with file.opened() as opened:
        start = opened.read(2048)
        if not looks_like_dicom(start):
            name = (file.member.filename if file.member else file.place.name).lower()
            remedy = " but NIfTI, which is not read beside it or from a zip" * name.endswith(_NIFTI)
            raise InvalidInputError(f"a file that is no DICOM{remedy}")
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


def _header(file: DicomFile, dataset: Dataset) -> Header | SegmentationHeader | Listing | None:
    if "DirectoryRecordSequence" in dataset:
        return _listing(dataset)
    names = {name: text_of(dataset, name) for name in IDENTIFIERS}
    if text_of(dataset, "SOPClassUID") in CLASSES:
        patient = _patient(names, text_of(dataset, "IssuerOfPatientID"))
        return segmentation_header(file, dataset, frozenset(filter(None, names.values())), patient)
    texts = {name: text for name in _TEXTS if (text := text_of(dataset, name))}
    has_image = bool(number_of(dataset, "Rows"))
    if not texts.get("Modality") or (texts.get("SOPClassUID") in _MR_IMAGES and not has_image):
        raise InvalidInputError("a DICOM file that is damaged or truncated")
    if texts["Modality"].upper() != "MR" or not has_image:
        return None
    study, series = texts.get("StudyInstanceUID", ""), texts.get("SeriesInstanceUID", "")
    if not study or not series:
        raise InvalidInputError("an MR image without the UID of its study or its series")
    if agent := _agent(dataset):
        texts["ContrastBolusAgent"] = agent
    numbers = {name: value for name in _NUMBERS if (value := number_of(dataset, name)) is not None}
    shared = first_item(dataset, "SharedFunctionalGroupsSequence")
    numbers |= {
        name: value for name, value in _shared_numbers(shared).items() if name not in numbers
    }
    return Header(
        file=file,
        study_uid=study,
        series_uid=series,
        instance_uid=texts.get("SOPInstanceUID", ""),
        patient=_patient(names, texts.get("IssuerOfPatientID", "")),
        site=next((names[tag] for tag in _SITES if not is_placeholder(names[tag])), ""),
        texts=texts,
        numbers=numbers,
        identifiers=frozenset(value for value in (*names.values(), study, series) if value),
        frames=tuple(frames_in(dataset)),
    )


def _agent(dataset: Dataset) -> str:
    """Name a contrast agent by tags beside ContrastBolusAgent; empty where they say nothing more than it."""
    usage = ("ContrastBolusUsageSequence", "ContrastBolusAgentAdministered")
    if {grouped(dataset, groups, usage, text_of) for groups in groups_of_frames(dataset)} == {"NO"}:
        return "none"
    given = dataset.get("ContrastBolusAgentSequence") or number_of(dataset, "ContrastBolusVolume")
    return "unnamed" if given and not text_of(dataset, "ContrastBolusAgent") else ""


def _patient(names: dict[str, str], issuer: str) -> tuple[str, ...]:
    """Return a patient's number, or without one name and birth date; empty where these are placeholders."""
    if not is_placeholder(names["PatientID"]):
        return (names["PatientID"], issuer)
    if not is_placeholder(names["PatientName"]):
        return (names["PatientName"], names["PatientBirthDate"], "by name")
    return ()


def _listing(dataset: Dataset) -> Listing:
    found: dict[str, set[str]] = {}
    series = ""
    for record in dataset.DirectoryRecordSequence:
        if text_of(record, "DirectoryRecordType") == "SERIES":
            series = text_of(record, "SeriesInstanceUID")
        elif (uid := text_of(record, "ReferencedSOPInstanceUIDInFile")) and series:
            found.setdefault(series, set()).add(uid)
    return Listing({uid: frozenset(instances) for uid, instances in found.items()})


def _shared_numbers(shared: Dataset | None) -> dict[str, float]:
    timing = first_item(shared, "MRTimingAndRelatedParametersSequence")
    value = number_of(timing, "RepetitionTime") if timing is not None else None
    return {} if value is None else {"RepetitionTime": value}
