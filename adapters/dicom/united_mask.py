"""The lesions of a study, each in a DICOM segmentation of its own, as one mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import final

import numpy as np

from gliobench.adapters.dicom.segmentation_headers import SegmentationHeader
from gliobench.adapters.dicom.segmentation_mask import SegmentationMask
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.slice_lattice import covering
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.labels.segments import common_convention, convention_of_segments
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError


@final
@dataclass(frozen=True, slots=True, eq=False)
class UnitedMask:
    """A mask that several segmentations hold.

    Args:
        parts: One or more lesions each, of the same regions.
    """

    parts: tuple[SegmentationMask, ...]

    @classmethod
    def of(cls, named: Sequence[tuple[str, SegmentationHeader]]) -> UnitedMask:
        """Find out what the segments mean; no pixel is read.

        Args:
            named: What to call each segmentation, and its header.

        Raises:
            FaultyStudyError: A lesion is missing, they hold different regions, or one cannot be used.
        """
        names = " and ".join(name for name, _ in named)
        segments = [segment for _, header in named for segment in header.segments]
        try:
            convention_of_segments([replace(one, number=n) for n, one in enumerate(segments, 1)])
        except InvalidInputError as error:
            raise FaultyStudyError(FaultKind.UNKNOWN_LABEL, f"{names}: {error}") from error
        found = [SegmentationMask.of(name, header, all_here=False) for name, header in named]
        parts = tuple(part for part in found if part is not None)
        if len({frozenset(part.convention.regions) for part in parts}) > 1:
            raise FaultyStudyError(
                FaultKind.UNKNOWN_LABEL, f"{names}: hold different regions: wanted the same of each"
            )
        return cls(parts)

    @property
    def header(self) -> SegmentationHeader:
        """The header of the first segmentation."""
        return self.parts[0].header

    @property
    def convention(self) -> LabelConvention:
        """What the segments mean."""
        return common_convention([part.convention for part in self.parts])

    @property
    def own_grid(self) -> Grid:
        """The smallest grid of its slices, RAS+.

        Raises:
            FaultyStudyError: They lie on none.
        """
        return reduce(covering, (part.own_grid for part in self.parts))

    def lies_on(self, grid: Grid) -> bool:
        """Return whether all pixels are voxels of a grid, in any orientation."""
        return all(part.lies_on(grid) for part in self.parts)

    def read(self, grid: Grid) -> dict[Region, BoolArray]:
        """Read the regions, (I, J, K) bool on a grid.

        Raises:
            FaultyStudyError: As `SegmentationMask.read`, or two segmentations share a voxel, as two
                readers' do.
        """
        first, *others = self.parts
        regions = first.read(grid)
        for part in others:
            for region, voxels in part.read(grid).items():
                if np.any(voxels & regions[region]):
                    raise FaultyStudyError(
                        FaultKind.AMBIGUOUS_SERIES,
                        f"{part.name} shares voxels with {first.name}: wanted one lesion in each, or one "
                        "of them excluded",
                    )
                regions[region] |= voxels
        return regions
