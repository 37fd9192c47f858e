"""All MR images of a place, by study and series."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from gliobench.adapters.dicom.files import find_files
from gliobench.adapters.dicom.headers import Header, Listing, read_header
from gliobench.adapters.dicom.segmentation_headers import SegmentationHeader
from gliobench.adapters.dicom.series_images import PlacedFrame, SeriesImages
from gliobench.adapters.dicom.study_masks import MaskEntry, mask_entries, study_of
from gliobench.adapters.dicom.tags import silence_pydicom
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.pseudonyms import Pseudonyms, without_identifiers
from gliobench.domain.studies.series import Series

_OTHER_PLANE = 0.05
"""Difference of direction cosines beyond which images are of another plane, as those of localisers."""
_OTHER_MS = 1.0
"""Difference of echo or inversion times beyond which images are of another contrast."""


@dataclass(frozen=True, slots=True)
class SeriesEntry:
    """A series of a study: what its tags say, and its images.

    Args:
        series: For the choice of modalities.
        uid: Of the series in DICOM; never shown.
        frame_uid: Of its frame of reference; empty where unknown, never shown.
        images: The volume, or why there is none.
    """

    series: Series
    uid: str = field(repr=False)
    frame_uid: str = field(repr=False)
    images: SeriesImages | FaultyStudyError


@dataclass(frozen=True, slots=True)
class StudyEntry:
    """A study.

    Args:
        id: Its pseudonym.
        patient_id: The patient's; the study's own where the tags name none.
        site: The site's; None where the tags name none.
        scanner: Maker, model and field strength.
        series: By number.
        fault: Why the whole study cannot be used; empty where it can.
        beside: Damaged files in its folders, which may be of it.
        masks: Segmentations of its images.
    """

    id: str
    patient_id: str
    site: str | None
    scanner: str
    series: tuple[SeriesEntry, ...]
    fault: str = ""
    beside: int = 0
    masks: tuple[MaskEntry, ...] = ()

    @property
    def series_ids(self) -> frozenset[str]:
        """The pseudonyms of its series, without the numbers of their parts."""
        return frozenset(item.series.id.partition(".")[0] for item in self.series)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What was found in a place.

    Args:
        studies: By id.
        passed_over: How many files are neither MR image nor segmentation of a study, by reason.
    """

    studies: dict[str, StudyEntry]
    passed_over: Counter[str]


def catalogue(place: DatasetPath, pseudonyms: Pseudonyms, *, burned_in: bool) -> Catalogue:
    """Read the headers of all files of a place.

    Args:
        place: A folder, a zip, a DICOMDIR or a file.
        pseudonyms: Names studies, patients, sites and series.
        burned_in: Whether images with burnt-in annotations are read.

    Raises:
        NotFoundError: There is no such place.
        InvalidInputError: It cannot be listed.
    """
    silence_pydicom()
    passed_over: Counter[str] = Counter()
    damaged: Counter[str] = Counter()
    listed: dict[str, frozenset[str]] = {}
    studies: dict[str, list[Header]] = defaultdict(list)
    drawn: list[SegmentationHeader] = []
    for file in find_files(place):
        try:
            found = read_header(file)
        except InvalidInputError as error:
            passed_over[str(error)] += 1
            damaged[file.folder] += "no DICOM" not in str(error)
            continue
        if isinstance(found, Listing):
            listed |= found.instances
        elif found is None:
            passed_over["a DICOM file that is no MR image"] += 1
        elif isinstance(found, SegmentationHeader):
            drawn.append(found)
        else:
            studies[found.study_uid].append(found)
    entries = [
        _study(uid, headers, pseudonyms, listed, damaged, burned_in=burned_in)
        for uid, headers in studies.items()
    ]
    masks = _masks_by_study(drawn, entries, pseudonyms, passed_over)
    return Catalogue(
        {entry.id: replace(entry, masks=tuple(masks.get(entry.id, ()))) for entry in entries},
        passed_over,
    )


def _masks_by_study(
    drawn: Sequence[SegmentationHeader],
    studies: Sequence[StudyEntry],
    pseudonyms: Pseudonyms,
    passed_over: Counter[str],
) -> dict[str, list[MaskEntry]]:
    by_series = {name: study.id for study in studies for name in study.series_ids}
    known = [study.id for study in studies]
    found: dict[str, list[SegmentationHeader]] = defaultdict(list)
    for header in drawn:
        try:
            study_id = study_of(header, pseudonyms, by_series=by_series, known=known)
        except InvalidInputError as error:
            passed_over[str(error)] += 1
            continue
        if study_id is None:
            passed_over["a segmentation of images that are not there"] += 1
        else:
            found[study_id].append(header)
    return {study_id: [*mask_entries(its, pseudonyms)] for study_id, its in found.items()}


def _study(
    uid: str,
    headers: Sequence[Header],
    pseudonyms: Pseudonyms,
    listed: dict[str, frozenset[str]],
    damaged: Counter[str],
    *,
    burned_in: bool,
) -> StudyEntry:
    patients = sorted({header.patient for header in headers if header.patient})
    sites = sorted({header.site for header in headers if header.site})
    by_series: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_series[header.series_uid].append(header)
    hidden = frozenset().union(*(header.identifiers for header in headers))
    entries = [
        entry
        for series_uid, members in by_series.items()
        for entry in _series(series_uid, members, pseudonyms, hidden, listed, burned_in=burned_in)
    ]
    folders = {header.file.folder for header in headers}
    study_id = pseudonyms.of("study", uid)
    return StudyEntry(
        id=study_id,
        patient_id=pseudonyms.of("patient", *patients[0]) if patients else study_id,
        site=pseudonyms.of("site", sites[0]) if sites else None,
        scanner=without_identifiers(_scanner(headers[0]), hidden),
        series=tuple(sorted(entries, key=lambda item: (item.series.number or 0, item.series.id))),
        fault=f"its images are of {len(patients)} patients" if len(patients) > 1 else "",
        beside=sum(damaged[folder] for folder in folders),
    )


def _scanner(header: Header) -> str:
    tesla = header.number("MagneticFieldStrength")
    parts = [header.text("Manufacturer"), header.text("ManufacturerModelName")]
    return " ".join([*filter(None, parts), *([f"{tesla:g} T"] if tesla else [])])


def _series(
    uid: str,
    headers: Sequence[Header],
    pseudonyms: Pseudonyms,
    hidden: frozenset[str],
    listed: dict[str, frozenset[str]],
    *,
    burned_in: bool,
) -> Iterator[SeriesEntry]:
    """Divide a series into volumes: by description, kind of image, echo, inversion and plane."""
    ordered = sorted(headers, key=lambda header: header.instance_uid)  # not by names of files
    frames = [PlacedFrame(header, frame) for header in ordered for frame in header.frames]
    kinds: list[list[PlacedFrame]] = []
    for placed in frames:
        kind = next((kind for kind in kinds if _alike(kind[0], placed)), None)
        if kind is None:
            kinds.append([placed])
        else:
            kind.append(placed)
    name = pseudonyms.of("series", uid)
    missing = listed.get(uid, frozenset()) - {header.instance_uid for header in headers}
    for number, kind in enumerate(kinds, 1):
        series_id = name if len(kinds) == 1 else f"{name}.{number}"
        images = _images(series_id, kind, len(missing), burned_in=burned_in)
        frame_uid = kind[0].header.text("FrameOfReferenceUID")
        yield SeriesEntry(_facts(series_id, kind, images, hidden), uid, frame_uid, images)


def _alike(first: PlacedFrame, placed: PlacedFrame) -> bool:
    """Return whether frames are of one volume; an anonymiser may have given several series one UID."""
    named = [
        (it.header.text("SeriesDescription"), it.header.number("SeriesNumber"))
        for it in (first, placed)
    ]
    one, other = first.frame, placed.frame
    are_placed = (one.orientation is None) == (other.orientation is None)
    if named[0] != named[1] or one.image_type != other.image_type or not are_placed:
        return False
    pairs = [*zip(one.orientation or (), other.orientation or (), strict=False)]
    if any(abs(a - b) > _OTHER_PLANE for a, b in pairs):
        return False
    times = ((one.echo_ms, other.echo_ms), (one.inversion_ms, other.inversion_ms))
    return all(abs((a or 0.0) - (b or 0.0)) <= _OTHER_MS for a, b in times)


def _images(
    name: str, frames: Sequence[PlacedFrame], missing: int, *, burned_in: bool
) -> SeriesImages | FaultyStudyError:
    texts = {item.header.text("BurnedInAnnotation").upper() for item in frames}
    if "YES" in texts and not burned_in:
        return FaultyStudyError(
            FaultKind.UNREADABLE,
            f"{name}: its images have burnt-in annotations, which may name the patient: use "
            "--allow-burned-in to read them nevertheless",
        )
    if missing:
        return FaultyStudyError(
            FaultKind.TRUNCATED, f"{name}: {missing} images that DICOMDIR lists are not there"
        )
    try:
        return SeriesImages.of(name, frames)
    except FaultyStudyError as error:
        return error


def _facts(
    series_id: str,
    frames: Sequence[PlacedFrame],
    images: SeriesImages | FaultyStudyError,
    hidden: frozenset[str],
) -> Series:
    header, frame = frames[0].header, frames[0].frame
    description = header.text("SeriesDescription") or header.text("ProtocolName")
    sequence = header.text("ScanningSequence").upper().split("\\")
    number = header.number("SeriesNumber")
    grid = images.native_grid if isinstance(images, SeriesImages) else None
    return Series(
        id=series_id,
        description=description,
        shown=without_identifiers(description, hidden),
        number=None if number is None else int(number),
        image_type=frame.image_type,
        n_images=len(frames),
        shape=grid.shape if grid else None,
        spacing_mm=grid.spacing_mm if grid else None,
        repetition_ms=header.number("RepetitionTime"),
        echo_ms=frame.echo_ms,
        inversion_ms=frame.inversion_ms,
        gradient=_gradient(sequence, header.text("EchoPulseSequence").upper()),
        planar="EP" in sequence or header.text("EchoPlanarPulseSequence").upper() == "YES",
        diffusion=any(item.frame.diffusion for item in frames),
        agent=header.text("ContrastBolusAgent"),
        body_part=header.text("BodyPartExamined"),
        acquired_s=min(filter(None, (item.header.acquired_s for item in frames)), default=None),
        flaw="" if isinstance(images, SeriesImages) else str(images),
    )


def _gradient(sequence: Sequence[str], enhanced: str) -> bool | None:
    if enhanced in ("SPIN", "GRADIENT"):
        return enhanced == "GRADIENT"
    if "GR" in sequence or "SE" in sequence:
        return "SE" not in sequence
    return None
