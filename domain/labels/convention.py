"""A label convention: which integer of a mask means which tissue.

A mask does not state its convention, so it is declared per dataset: {1, 2, 4} is glioma of 2017 to
2021 (4 = enhancing tumour) or a study after treatment (4 = resection cavity).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, extent
from gliobench.domain.labels.regions import NESTED, Region, localised_region

LARGEST = 255
"""The largest integer of a mask: masks are written as uint8."""
LONGEST_NAME = 100
"""Letters."""


@dataclass(frozen=True, slots=True)
class LabelConvention:
    """Which integer means which tissue, and which tissues form each region.

    Args:
        name: Its identifier.
        title: Its description.
        tissues: Names by integer; 0 is background in every convention.
        regions: Integers by region, for every scored region: at least WT or GTV.
        source: Where the convention is documented.
        two_valued: Whether every non-zero integer means the one tissue.

    Raises:
        InvalidInputError: The name is empty or long; an integer is outside 1 to 255; a region is
            empty or contains an integer without a tissue; ET exceeds TC, or TC exceeds WT; neither
            WT nor GTV is given; a tissue belongs to no region.
    """

    name: str
    title: str
    tissues: Mapping[int, str]
    regions: Mapping[Region, frozenset[int]]
    source: str = ""
    two_valued: bool = False

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > LONGEST_NAME or not self.name.isprintable():
            raise InvalidInputError(
                f"label convention {self.name[:LONGEST_NAME]!r}: wanted a name of 1 to "
                f"{LONGEST_NAME} letters"
            )
        for fault in self._faults():
            raise InvalidInputError(f"label convention {self.name}: {fault}")

    @property
    def localised(self) -> Region:
        """The region against which points, boxes and polygons are scored."""
        return localised_region(self.regions) or Region.WT

    def split(self, labels: NDArray[Any]) -> dict[Region, BoolArray]:
        """Split a label map into regions.

        Args:
            labels: Numbers of this convention, any shape.

        Raises:
            InvalidInputError: A number that this convention does not have.
        """
        seen = np.asarray(labels != 0)
        block = extent(seen) if seen.any() else (slice(0),) * labels.ndim
        voxels = self._by_tissue(labels[block])
        known = reduce(np.logical_or, voxels.values(), ~seen[block])
        if not known.all():
            strange = [f"{item:g}" for item in np.unique(labels[block][~known])[:5].tolist()]
            wanted = ", ".join(map(str, [0, *sorted(self.tissues)]))
            raise InvalidInputError(
                f"label {', '.join(strange)} is not of {self.name}: wanted {wanted}"
            )
        regions = {}
        for region, integers in self.regions.items():
            order: Literal["F", "C"] = "F" if seen.flags.f_contiguous else "C"
            regions[region] = np.zeros(labels.shape, dtype=np.bool_, order=order)
            inside = [voxels[integer] for integer in sorted(integers)]
            regions[region][block] = reduce(np.logical_or, inside)
        return regions

    def merge(self, regions: Mapping[Region, BoolArray]) -> NDArray[np.uint8]:
        """Merge regions into a label map; inner regions take precedence and extend the outer ones.

        A voxel gets the lowest integer of exactly the same of WT, TC and ET; if the convention lacks
        an inner region, that of the outer one. Of the other regions, those with a single tissue are
        written.

        Args:
            regions: Bool of one shape, at least the localised region.

        Raises:
            InvalidInputError: No integer represents a voxel, or no region is given.
        """
        outer = regions.get(Region.WT, regions.get(self.localised))
        if outer is None:
            raise InvalidInputError(f"a mask without {self.localised.value} cannot be written")
        merged = np.zeros_like(outer, dtype=np.uint8)
        inside: list[Region] = []
        for region in (item for item in NESTED if item in self.regions):
            inside.append(region)
            if (voxels := regions.get(region)) is not None and voxels.any():
                merged[voxels] = self._integer_in(inside)
        if Region.WT not in self.regions:
            merged[outer] = min(self.regions[self.localised])
        for region, integers in self.regions.items():
            if region not in NESTED and region in regions and len(integers) == 1:
                merged[regions[region]] = min(integers)
        return merged

    def fits(self, labels: frozenset[int]) -> bool:
        """Return whether a mask with these non-zero integers fits this convention."""
        if self.two_valued:
            return len(labels) <= 1 and all(label > 0 for label in labels)
        return labels <= self.tissues.keys()

    def values(self) -> dict[str, Any]:
        """Return the convention as JSON values."""
        return {
            "name": self.name,
            "title": self.title,
            "tissues": {str(integer): self.tissues[integer] for integer in sorted(self.tissues)},
            "regions": {region.value: sorted(item) for region, item in self.regions.items()},
            "source": self.source,
            "two_valued": self.two_valued,
        }

    def _by_tissue(self, labels: NDArray[Any]) -> dict[int, BoolArray]:
        if self.two_valued:
            return dict.fromkeys(self.tissues, np.asarray(labels > 0))
        return {integer: np.asarray(labels == integer) for integer in self.tissues}

    def _integer_in(self, inside: list[Region]) -> int:
        """Return the lowest integer of these nested regions that is in no further inner region."""
        own = {item for item in NESTED if item in self.regions}
        for integer in sorted(self.tissues):
            if {region for region in own if integer in self.regions[region]} == set(inside):
                return integer
        outer, inner = inside[-1], next(item for item in NESTED if item in own - set(inside))
        raise InvalidInputError(
            f"label convention {self.name} has no integer for {outer.value} without {inner.value}: "
            "choose another by labels"
        )

    def _faults(self) -> Iterator[str]:
        for integer in self.tissues:
            if not 1 <= integer <= LARGEST:
                yield f"integer {integer}: wanted 1 to {LARGEST}; 0 is background"
        for region, integers in self.regions.items():
            if unknown := sorted(integers - self.tissues.keys()):
                yield f"{region.value} holds {unknown[0]}, which is not a tissue: wanted those of {sorted(self.tissues)}"
            if not integers:
                yield f"{region.value} holds no tissue"
        own = [item for item in NESTED if item in self.regions]
        for outer, inner in pairwise(own):
            if beyond := sorted(self.regions[inner] - self.regions[outer]):
                yield f"{inner.value} holds {beyond[0]}, which {outer.value} does not"
        if localised_region(self.regions) is None:
            yield "wanted a region WT, or GTV, for localisations to be scored against"
        if idle := sorted(self.tissues.keys() - frozenset().union(*self.regions.values())):
            yield f"{idle[0]} ({self.tissues[idle[0]]}) lies in no region"
