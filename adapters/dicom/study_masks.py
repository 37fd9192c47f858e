"""Segmentations by the studies that they are of, each with a pseudonym."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gliobench.adapters.dicom.files import content_of
from gliobench.adapters.dicom.segmentation_headers import SegmentationHeader
from gliobench.adapters.dicom.segmentation_mask import SegmentationMask
from gliobench.adapters.dicom.united_mask import UnitedMask
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.mask_choice import StudyMask
from gliobench.domain.studies.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True, eq=False)
class MaskEntry:
    """A segmentation, or several of one lesion each: what the tags say, and the mask.

    Args:
        facts: For the choice of the reference.
        uid: Of its series in DICOM; never shown.
        header: Of its file.
        mask: None where no segment is of a tumour; or why it cannot be used.
        others: Those that hold the other lesions.
    """

    facts: StudyMask
    uid: str = field(repr=False)
    header: SegmentationHeader = field(repr=False)
    mask: SegmentationMask | UnitedMask | FaultyStudyError | None
    others: tuple[MaskEntry, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What users may call it by: the id and the UID of its series."""
        return frozenset({self.facts.id, self.facts.id.partition(".")[0], self.uid})

    def content(self) -> str:
        """Hash the files (sha256, hex).

        Raises:
            InvalidInputError: One cannot be read.
        """
        return " ".join(content_of(part.header.file) for part in (self, *self.others))

    @property
    def usable(self) -> SegmentationMask | UnitedMask | None:
        """The mask, where it can be used."""
        return None if isinstance(self.mask, FaultyStudyError) else self.mask

    def sound(self) -> SegmentationMask | UnitedMask:
        """Return the mask.

        Raises:
            FaultyStudyError: It cannot be used.
        """
        if isinstance(self.mask, FaultyStudyError):
            raise self.mask.with_traceback(None)
        if self.mask is None:
            raise FaultyStudyError(
                FaultKind.UNKNOWN_LABEL, f"{self.facts.id}: {self.facts.objection}"
            )
        return self.mask


def study_of(
    header: SegmentationHeader,
    pseudonyms: Pseudonyms,
    *,
    by_series: Mapping[str, str],
    known: Collection[str] | None,
) -> str | None:
    """Find the study that a segmentation is of.

    Args:
        header: Of the segmentation.
        pseudonyms: Name studies and series.
        by_series: Ids of studies by the pseudonyms of their series, as far as they are known.
        known: Ids of all studies; None where they are not known yet.

    Returns:
        Its id: of the study of the series that it names, or else the one that it names itself; None
        where none is known.

    Raises:
        InvalidInputError: It names images of several studies.
    """
    series = {pseudonyms.of("series", uid) for uid in header.referenced}
    own = pseudonyms.of("study", header.study_uid)
    found = {by_series[name] for name in series & by_series.keys()}
    if known is None or own in known:
        found.add(own)
    if len(found) > 1:
        raise InvalidInputError("a segmentation that names images of several studies")
    return found.pop() if found else None


def mask_entries(
    headers: Iterable[SegmentationHeader], pseudonyms: Pseudonyms
) -> Iterator[MaskEntry]:
    """Name the segmentations of one study by their series; one that was exported twice is one.

    Raises:
        InvalidInputError: A file cannot be read.
    """
    by_series: dict[str, list[SegmentationHeader]] = defaultdict(list)
    for header in _once(headers):
        by_series[header.series_uid].append(header)
    for uid, members in by_series.items():
        name = pseudonyms.of("series", uid)
        ordered = sorted(members, key=lambda header: header.instance_uid)
        for number, header in enumerate(ordered, 1):
            yield _entry(name if len(members) == 1 else f"{name}.{number}", uid, header, pseudonyms)


def united(entries: Sequence[MaskEntry]) -> MaskEntry:
    """Return one entry of the segmentations of different lesions; of one alone, itself.

    Args:
        entries: One or more, of which `are_lesions_of_one` holds.
    """
    first, *others = entries
    if not others:
        return first
    try:
        named = [(entry.facts.id, entry.header) for entry in entries]
        mask: UnitedMask | FaultyStudyError = UnitedMask.of(named)
    except FaultyStudyError as error:
        mask = error
    return replace(first, mask=mask, others=tuple(others))


def _entry(name: str, uid: str, header: SegmentationHeader, pseudonyms: Pseudonyms) -> MaskEntry:
    try:
        mask: SegmentationMask | FaultyStudyError | None = SegmentationMask.of(name, header)
    except FaultyStudyError as error:
        mask = error
    numbered = [found for segment in header.segments if (found := segment.numbered)]
    facts = StudyMask(
        id=name,
        shown=", ".join(segment.shown for segment in header.segments),
        number=header.number,
        algorithm=header.algorithm,
        is_of_tumour=mask is not None,
        flaw=str(mask) if isinstance(mask, FaultyStudyError) else "",
        frame=pseudonyms.of("frame", header.frame_uid) if header.frame_uid else "",
        lesions=frozenset(f"{stem} {number}" for stem, number in numbered)
        if len(numbered) == len(header.segments)
        else frozenset(),
        tracked=frozenset(pseudonyms.of("tracked", uid) for uid in header.tracked),
    )
    return MaskEntry(facts, uid, header, mask)


def _once(headers: Iterable[SegmentationHeader]) -> list[SegmentationHeader]:
    """Drop files that are equal to another one of the same instance."""
    by_instance: dict[str, list[SegmentationHeader]] = defaultdict(list)
    for header in headers:
        by_instance[header.instance_uid].append(header)
    found = []
    for same in by_instance.values():
        contents = {} if len(same) == 1 else {content_of(header.file): header for header in same}
        found += list(contents.values()) or same
    return found
