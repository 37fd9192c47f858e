"""What the segments of a DICOM segmentation mean, by what they are called and coded as."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.label_names import convention_of_names, meaning_of
from gliobench.domain.labels.regions import NESTED, REGION_TITLES, Region

_ABBREVIATED = re.compile(rf"({'|'.join(region.value for region in Region)}):")
"""How segments begin that gliobench writes."""
_NUMBERED = re.compile(r"(?P<stem>.*?)[ _#-]*(?P<number>\d{1,3})", re.ASCII)
"""How segments are called that are several of one kind, such as lesions."""
_ANY = frozenset(Region)
_OEDEMA = frozenset({Region.ED, Region.SNFH})
_CORE = frozenset({Region.TC, Region.ET, Region.NETC})
NAME = "segments"
"""Of the convention."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code of a tissue means.

    Args:
        allowed: The regions that a segment with this code may be.
        alone: What it is if its label does not say; None where the code is too general.
    """

    allowed: frozenset[Region] = _ANY
    alone: Region | None = None

    @classmethod
    def only(cls, region: Region, *others: Region) -> Meaning:
        """Return the meaning of a code of one tissue, and of others that labels may state."""
        return cls(frozenset({region, *others}), region)


TUMOUR, PRIMARY_TUMOUR = Meaning(alone=Region.WT), Meaning()
"""Codes of tumours: writers give them to parts of a tumour, too, which only the label distinguishes."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment.

    Args:
        number: Of the segment.
        label: What it is called.
        shown: The same, fit for output.
        coded: What its code means; None where the code is of nothing in a tumour.
    """

    number: int
    label: str
    shown: str
    coded: Meaning | None = None

    @property
    def numbered(self) -> tuple[str, int] | None:
        """What it is one of, and its number, such as `lesion` and 2; None where it has none."""
        found = _NUMBERED.fullmatch(self.label.strip().lower())
        return (found["stem"], int(found["number"])) if found else None

    @property
    def named(self) -> Region | None:
        """The region by its label."""
        if found := _ABBREVIATED.match(self.label):
            return Region(found[1])
        return meaning_of(self.label) or (meaning_of(self.numbered[0]) if self.numbered else None)

    @property
    def region(self) -> Region | None:
        """The region by its label, or by its code where the label does not say."""
        return self.named or (self.coded.alone if self.coded else None)

    def __str__(self) -> str:
        return f"segment {self.number} ({self.shown!r})"


def convention_of_segments(
    segments: Sequence[Segment], *, all_here: bool = True
) -> LabelConvention | None:
    """Return which segments form each region; segments may overlap.

    A region consists of the segments within it. The whole tumour is a segment of that meaning, or
    oedema and core together; without one of these it is not known. Segments that are numbered, such as
    lesions, are taken together.

    Args:
        segments: Of one segmentation.
        all_here: Whether the first of numbered segments has to be among them.

    Returns:
        The convention, whose integers are the numbers of segments; None where no segment is of a
        tumour.

    Raises:
        InvalidInputError: A segment beside one of a tumour has no known meaning, its label and its
            code contradict each other, two mean the same and are not numbered, the first of numbered
            ones is not there, or they make no whole tumour.
    """
    regions = {segment: segment.region for segment in segments}
    if not any(regions.values()):
        return None
    by_region: dict[Region, list[Segment]] = defaultdict(list)
    for segment, region in regions.items():
        if region is None:
            raise InvalidInputError(f"{segment} is no known part of a tumour")
        if segment.coded is not None and region not in segment.coded.allowed:
            raise InvalidInputError(f"{segment} has the code of another tissue")
        by_region[region].append(segment)
    for group in by_region.values():
        _check_one_kind(group, all_here)
    firsts = {region: group[0] for region, group in by_region.items()}
    _check_whole(firsts)
    names = {REGION_TITLES[region]: frozenset({of.number}) for region, of in firsts.items()}
    convention = convention_of_names(names, place=NAME)
    if convention is None:
        return None
    return _with_others(_without_partial_core(convention, firsts.keys()), by_region.values())


def _check_one_kind(group: Sequence[Segment], all_here: bool) -> None:
    """Check that segments of one meaning are numbered, and that none seems to be in another file."""
    numbered = [found for segment in group if (found := segment.numbered)]
    one_kind = len(numbered) == len(group) == len(set(numbered)) and len(dict(numbered)) == 1
    if len(group) > 1 and not one_kind:
        raise InvalidInputError(f"{group[0]} and {group[1]} mean the same: wanted one")
    if not (all_here and one_kind and group[0].named):
        return
    if (first := min(number for _, number in numbered)) > 1:
        raise InvalidInputError(
            f"{group[0]} is one of several, and the first here is {first}: wanted all from 1 on"
        )


def _with_others(
    convention: LabelConvention, groups: Collection[Sequence[Segment]]
) -> LabelConvention:
    """Add the other segments of each group where its first one is."""
    if all(len(group) == 1 for group in groups):
        return convention
    whole = {group[0].number: [segment.number for segment in group] for group in groups}
    return LabelConvention(
        name=NAME,
        title=f"labels of {NAME}",
        tissues={n: name for first, name in convention.tissues.items() for n in whole[first]},
        regions={
            region: frozenset(n for first in firsts for n in whole[first])
            for region, firsts in convention.regions.items()
        },
    )


def common_convention(conventions: Sequence[LabelConvention]) -> LabelConvention:
    """Return one convention of several segmentations: the same one, or one that names their regions."""
    first = next(iter(conventions), None)
    if first is not None and all(item == first for item in conventions):
        return first
    numbers = {region: number for number, region in enumerate(Region, 1)}
    found = {region for item in conventions for region in item.regions} or {Region.WT}
    inner = {outer: set(NESTED[depth:]) & found for depth, outer in enumerate(NESTED)}
    return LabelConvention(
        name=NAME,
        title="segments, numbered differently in each segmentation",
        tissues={numbers[region]: REGION_TITLES[region] for region in found},
        regions={
            region: frozenset(numbers[part] for part in inner.get(region, {region}))
            for region in Region
            if region in found
        },
    )


def _check_whole(by_region: Mapping[Region, Segment]) -> None:
    found = by_region.keys()
    if not ({Region.WT, Region.GTV} & found or (_OEDEMA & found and _CORE & found)):
        raise InvalidInputError(
            f"{' and '.join(map(str, by_region.values()))} make no whole tumour: wanted a segment of "
            "that name, or oedema and core"
        )


def _without_partial_core(convention: LabelConvention, found: Set[Region]) -> LabelConvention:
    """Drop the core where one part of it is known beside a whole tumour: others may not be."""
    if Region.WT not in found or Region.TC in found or {Region.ET, Region.NETC} <= found:
        return convention
    regions = dict(convention.regions)
    regions.pop(Region.TC, None)
    return replace(convention, regions=regions)
