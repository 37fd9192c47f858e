"""What is read of a DICOM segmentation before its pixels: its segments, and where its frames lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from pydicom import Dataset

from gliobench.adapters.dicom.files import DicomFile
from gliobench.adapters.dicom.frames import frames_in, groups_of_frames, placed_slices
from gliobench.adapters.dicom.pixels import MOST_PIXELS, Encoding
from gliobench.adapters.dicom.segment_codes import meaning_of_code
from gliobench.adapters.dicom.tags import grouped, number_of, text_of
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.placed_slices import PlacedSlices
from gliobench.domain.labels.segments import Segment
from gliobench.domain.studies.pseudonyms import without_identifiers

CLASSES = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
"""Of segmentations, and of those that are label maps."""
TAGS = (
    *("SegmentSequence", "SegmentationType", "MaximumFractionalValue", "ReferencedSeriesSequence"),
    *("PixelPaddingValue", "NumberOfFrames"),
)
"""That are read beside those of images."""
_BY_HAND = frozenset({"MANUAL", "SEMIAUTOMATIC"})
_BACKGROUND = "background"
_MOST_PIXELS = 8 * MOST_PIXELS


class StoredAs(str, Enum):
    """How segments are stored."""

    BINARY = "BINARY"
    """A bit a pixel, a frame for each slice of a segment."""
    FRACTIONAL = "FRACTIONAL"
    """A share of a largest value, likewise."""
    LABELMAP = "LABELMAP"
    """Numbers of segments."""


_ENCODINGS = {
    StoredAs.BINARY: ((1, 8), ("MONOCHROME2",)),
    StoredAs.FRACTIONAL: ((8,), ("MONOCHROME2",)),
    StoredAs.LABELMAP: ((8, 16), ("MONOCHROME2", "PALETTE COLOR")),
}


@dataclass(frozen=True, slots=True, eq=False)
class SegmentFrames:
    """How the frames of a segmentation are stored, and where they lie.

    Args:
        stored_as: See there.
        encoding: Of the pixels.
        slices: Of the frames, in the order of the file.
        apart_mm: How far slices are apart, empty ones included; None where that is not stated.
        segments: The segment of each frame; of a label map nothing.
        largest: The value that stands for 1; of fractions only.
        background: The value of a label map that is of no segment.
    """

    stored_as: StoredAs
    encoding: Encoding
    slices: PlacedSlices
    apart_mm: float | None
    segments: tuple[int, ...]
    largest: float
    background: int


@dataclass(frozen=True, slots=True, eq=False)
class SegmentationHeader:
    """One DICOM segmentation.

    Args:
        file: The file.
        study_uid: Of the study; never shown, as the other ones.
        series_uid: Of the series.
        instance_uid: Of the file.
        frame_uid: Of the frame of reference.
        patient: What identifies the patient, by name and number; empty where nothing does.
        referenced: UIDs of the series that it is of; empty where it names none.
        number: Of the series.
        segments: Without the background.
        algorithm: What made it, fit for output; empty where people did, at least in part.
        identifiers: Values that no output may hold.
        tracked: UIDs of what the segments track.
        frames: See there, or why there are none.
    """

    file: DicomFile
    study_uid: str
    series_uid: str
    instance_uid: str
    frame_uid: str
    patient: tuple[str, ...] = field(repr=False)
    referenced: frozenset[str]
    number: int | None
    segments: tuple[Segment, ...]
    algorithm: str
    identifiers: frozenset[str] = field(repr=False)
    tracked: frozenset[str] = field(repr=False)
    frames: SegmentFrames | InvalidInputError


def segmentation_header(
    file: DicomFile, dataset: Dataset, identifiers: frozenset[str], patient: tuple[str, ...]
) -> SegmentationHeader:
    """Read the tags of a segmentation, of whose patient the caller knows.

    Raises:
        InvalidInputError: It does not say of which study it is.
    """
    study, series = text_of(dataset, "StudyInstanceUID"), text_of(dataset, "SeriesInstanceUID")
    if not study or not series:
        raise InvalidInputError("a segmentation without the UID of its study or its series")
    referenced = dataset.get("ReferencedSeriesSequence") or ()
    number = number_of(dataset, "SeriesNumber")
    try:
        frames: SegmentFrames | InvalidInputError = _frames(dataset)
    except InvalidInputError as error:
        frames = error
    return SegmentationHeader(
        file=file,
        study_uid=study,
        series_uid=series,
        instance_uid=text_of(dataset, "SOPInstanceUID"),
        frame_uid=text_of(dataset, "FrameOfReferenceUID"),
        patient=patient,
        referenced=frozenset(text_of(item, "SeriesInstanceUID") for item in referenced) - {""},
        number=None if number is None else int(number),
        segments=tuple(_segments(dataset, identifiers)),
        algorithm=without_identifiers(_algorithm(dataset), identifiers),
        identifiers=identifiers,
        tracked=frozenset(
            text_of(item, "TrackingUID") for item in dataset.get("SegmentSequence") or ()
        )
        - {""},
        frames=frames,
    )


def _segments(dataset: Dataset, identifiers: frozenset[str]) -> Iterator[Segment]:
    for item in dataset.get("SegmentSequence") or ():
        label, number = text_of(item, "SegmentLabel"), int(number_of(item, "SegmentNumber") or 0)
        if number and label.lower() != _BACKGROUND:
            shown = without_identifiers(label, identifiers)
            yield Segment(number, label, shown, meaning_of_code(item))


def _algorithm(dataset: Dataset) -> str:
    """Name the algorithm of a segment that no person has drawn or corrected."""
    for item in dataset.get("SegmentSequence") or ():
        kind = text_of(item, "SegmentAlgorithmType").upper()
        if int(number_of(item, "SegmentNumber") or 0) and kind not in _BY_HAND:
            return text_of(item, "SegmentAlgorithmName") or kind.lower() or "unnamed"
    return ""


def _frames(dataset: Dataset) -> SegmentFrames:
    kind = text_of(dataset, "SegmentationType").upper()
    if kind not in StoredAs.__members__:
        raise InvalidInputError(f"a segmentation of type {kind[:16]!r}")
    stored_as, frames = StoredAs[kind], list(frames_in(dataset))
    encoding = Encoding(
        int(number_of(dataset, "Rows") or 0),
        int(number_of(dataset, "Columns") or 0),
        *_ENCODINGS[stored_as],
    )
    if len(frames) * encoding.rows * encoding.columns > _MOST_PIXELS:
        raise InvalidInputError(f"{len(frames)} frames: wanted at most {_MOST_PIXELS} pixels")
    is_map = stored_as is StoredAs.LABELMAP
    largest = number_of(dataset, "MaximumFractionalValue") or 0.0
    if stored_as is StoredAs.FRACTIONAL and not largest > 0:
        raise InvalidInputError("fractions without the value that stands for 1")
    return SegmentFrames(
        stored_as=stored_as,
        encoding=encoding,
        slices=placed_slices(frames, (encoding.rows, encoding.columns)),
        apart_mm=_apart_mm(dataset),
        segments=() if is_map else tuple(_segments_of_frames(dataset)),
        largest=largest,
        background=int(number_of(dataset, "PixelPaddingValue") or 0) if is_map else 0,
    )


def _apart_mm(dataset: Dataset) -> float | None:
    path = ("PixelMeasuresSequence", "SpacingBetweenSlices")
    first = next(iter(groups_of_frames(dataset)), ())
    return grouped(dataset, first, path, number_of)


def _segments_of_frames(dataset: Dataset) -> Iterator[int]:
    known = {
        int(number_of(item, "SegmentNumber") or 0) for item in dataset.get("SegmentSequence") or ()
    }
    path = ("SegmentIdentificationSequence", "ReferencedSegmentNumber")
    for groups in groups_of_frames(dataset):
        number = int(grouped(dataset, groups, path, number_of) or 0)
        if number not in known:
            raise InvalidInputError(f"a frame of segment {number}, which is not described")
        yield number
