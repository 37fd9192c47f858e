"""What the segments of a DICOM segmentation mean, by what they are called and coded as."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.conventions import LabelConvention
from gliobench.domain.labels.label_names import convention_of_names, meaning_of
from gliobench.domain.labels.regions import NESTED, REGION_TITLES, Region

_ABBREVIATED = re.compile(rf"({'|'.join(region.value for region in Region)}):")
"""How segments begin that gliobench writes."""
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
    def region(self) -> Region | None:
        """The region by its label, or by its code where the label does not say."""
        found = _ABBREVIATED.match(self.label)
        named = Region(found[1]) if found else meaning_of(self.label)
        return named or (self.coded.alone if self.coded else None)

    def __str__(self) -> str:
        return f"segment {self.number} ({self.shown!r})"


def convention_of_segments(segments: Sequence[Segment]) -> LabelConvention | None:
    """Return which segments form each region; segments may overlap.

    A region consists of the segments within it. The whole tumour is a segment of that meaning, or
    oedema and core together; without one of these it is not known.

    Args:
        segments: Of one segmentation.

    Returns:
        The convention, whose integers are the numbers of segments; None where no segment is of a
        tumour.

    Raises:
        InvalidInputError: A segment beside one of a tumour has no known meaning, its label and its
            code contradict each other, two mean the same, or they make no whole tumour.
    """
    regions = {segment: segment.region for segment in segments}
    if not any(regions.values()):
        return None
    by_region: dict[Region, Segment] = {}
    for segment, region in regions.items():
        if region is None:
            raise InvalidInputError(f"{segment} is no known part of a tumour")
        if segment.coded is not None and region not in segment.coded.allowed:
            raise InvalidInputError(f"{segment} has the code of another tissue")
        if (other := by_region.setdefault(region, segment)) is not segment:
            raise InvalidInputError(f"{other} and {segment} mean the same: wanted one")
    _check_whole(by_region)
    names = {REGION_TITLES[region]: frozenset({of.number}) for region, of in by_region.items()}
    convention = convention_of_names(names, place=NAME)
    return convention and _without_partial_core(convention, by_region.keys())


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
