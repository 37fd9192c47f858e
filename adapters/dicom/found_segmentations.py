"""The DICOM segmentations of a folder, whatever their files are called, by the studies that they are of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gliobench.adapters.dicom.files import find_files
from gliobench.adapters.dicom.headers import Header, read_header
from gliobench.adapters.dicom.segmentation_headers import SegmentationHeader
from gliobench.adapters.dicom.study_masks import MaskEntry, mask_entries, study_of, united
from gliobench.adapters.dicom.tags import silence_pydicom
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.segments import common_convention
from gliobench.domain.studies.mask_choice import are_lesions_of_one
from gliobench.domain.studies.pseudonyms import Pseudonyms


@dataclass(frozen=True, slots=True)
class FoundSegmentations:
    """The segmentations of a folder.

    Args:
        masks: By study.
        patients: Pseudonyms of the patients, by study.
        by_series: The study of each series that they name, by the pseudonyms of series.
        names: What all of them may be called by, those that are left out, too.
        strays: Pseudonyms of the series that are of no study.
        passed_over: How many other files there are, by what they are.
    """

    masks: Mapping[str, MaskEntry]
    patients: Mapping[str, str]
    by_series: Mapping[str, str]
    names: frozenset[str]
    strays: tuple[str, ...]
    passed_over: Mapping[str, int]

    @property
    def convention(self) -> LabelConvention:
        """What their segments mean, as far as that is known."""
        entries = self.masks.values()
        return common_convention([mask.convention for entry in entries if (mask := entry.usable)])


def find_segmentations(
    place: DatasetPath,
    pseudonyms: Pseudonyms,
    *,
    by_series: Mapping[str, str],
    known: Collection[str] | None,
    excluded: Collection[str] = (),
    all_here: bool = True,
) -> FoundSegmentations:
    """Find the segmentations of a folder or a zip, and the studies that they are of.

    Args:
        place: With segmentations under any names.
        pseudonyms: Those of the studies.
        by_series: Ids of studies by the pseudonyms of their series, as far as they are known.
        known: Ids of all studies; None where they are not known yet.
        excluded: Series that are left out, by their pseudonym or UID.
        all_here: Whether all of these have to be in this folder.

    Raises:
        InvalidInputError: There are images in the folder, two segmentations are of one study, or an
            excluded one is not there.
    """
    passed_over: Counter[str] = Counter()
    by_study: dict[str | None, list[SegmentationHeader]] = defaultdict(list)
    for header in _segmentations(place, passed_over):
        by_study[study_of(header, pseudonyms, by_series=by_series, known=known)].append(header)
    strays = {pseudonyms.of("series", header.series_uid) for header in by_study.pop(None, [])}
    entries = {
        study_id: [*mask_entries(headers, pseudonyms)]
        for study_id, headers in by_study.items()
        if study_id is not None
    }
    names = frozenset(name for its in entries.values() for entry in its for name in entry.names)
    if all_here:
        _check_excluded(excluded, names, place)
    masks = _one_each(entries, frozenset(excluded), place)
    return FoundSegmentations(
        masks=masks,
        patients={
            name: pseudonyms.of("patient", *patient) if (patient := entry.header.patient) else name
            for name, entry in masks.items()
        },
        by_series={
            pseudonyms.of("series", uid): name
            for name, entry in masks.items()
            for part in (entry, *entry.others)
            for uid in part.header.referenced
        },
        names=names,
        strays=tuple(sorted(strays)),
        passed_over=passed_over,
    )


def _check_excluded(excluded: Collection[str], names: Collection[str], place: object) -> None:
    """Check that segmentations that the user leaves out are there.

    Raises:
        InvalidInputError: One is not.
    """
    if unknown := len(set(excluded) - set(names)):
        raise InvalidInputError(
            f"--exclude: {unknown} of {len(set(excluded))} series are not in {place}: wanted ids such as "
            "series-0123456789abcdef, or UIDs"
        )


def _one_each(
    entries: Mapping[str, Sequence[MaskEntry]], excluded: frozenset[str], place: DatasetPath
) -> dict[str, MaskEntry]:
    """Leave out what is excluded, and check that each study has one segmentation, or one of each lesion."""
    masks: dict[str, MaskEntry] = {}
    for study_id, its in entries.items():
        left = [entry for entry in its if not entry.names & excluded]
        if len(left) > 1 and not are_lesions_of_one([entry.facts for entry in left]):
            raise InvalidInputError(
                f"{place}: {len(left)} segmentations of study {study_id}, {left[0].facts.id} and "
                f"{left[1].facts.id}: wanted one: leave others out by --exclude SERIES"
            )
        if left:
            masks[study_id] = united(left)
    return masks


def _segmentations(place: DatasetPath, passed_over: Counter[str]) -> Iterator[SegmentationHeader]:
    silence_pydicom()
    for file in find_files(place):
        try:
            found = read_header(file)
        except InvalidInputError as error:
            if "no DICOM" not in str(error):
                passed_over[str(error)] += 1
            continue
        if isinstance(found, Header):
            raise InvalidInputError(
                f"{place}: holds MR images: wanted a folder of segmentations alone"
            )
        if isinstance(found, SegmentationHeader):
            yield found
        else:
            passed_over["a DICOM file that is no segmentation"] += 1
