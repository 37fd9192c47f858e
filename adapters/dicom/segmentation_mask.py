"""The mask that a DICOM segmentation holds, on a grid of its study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.dicom.pixels import read_frames
from gliobench.adapters.dicom.segmentation_headers import (
    SegmentationHeader,
    SegmentFrames,
    StoredAs,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.geometry.placed_slices import SlicesOnGrid
from gliobench.domain.geometry.slice_lattice import lattice_of
from gliobench.domain.labels.convention import LabelConvention
from gliobench.domain.labels.regions import Region
from gliobench.domain.labels.segments import convention_of_segments
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

THRESHOLD = 0.5
"""Of fractions: a voxel is inside above it."""


@final
@dataclass(frozen=True, slots=True, eq=False)
class SegmentationMask:
    """A mask.

    Args:
        name: What to call it in messages; names no patient.
        header: Of its file.
        frames: How it is stored.
        convention: The segments of each region.
    """

    name: str
    header: SegmentationHeader
    frames: SegmentFrames
    convention: LabelConvention

    @classmethod
    def of(
        cls, name: str, header: SegmentationHeader, *, all_here: bool = True
    ) -> SegmentationMask | None:
        """Find out what the segments mean; no pixel is read.

        Args:
            name: What to call it in messages.
            header: Of its file.
            all_here: Whether the first of numbered segments has to be in it.

        Returns:
            None where no segment is of a tumour.

        Raises:
            FaultyStudyError: Segments contradict each other, or frames cannot be read.
        """
        try:
            convention = convention_of_segments(header.segments, all_here=all_here)
        except InvalidInputError as error:
            raise FaultyStudyError(FaultKind.UNKNOWN_LABEL, f"{name}: {error}") from error
        if convention is None:
            return None
        if isinstance(header.frames, InvalidInputError):
            raise FaultyStudyError(FaultKind.UNREADABLE, f"{name}: {header.frames}")
        return cls(name, header, header.frames, convention)

    @property
    def own_grid(self) -> Grid:
        """The smallest grid of its slices, RAS+.

        Raises:
            FaultyStudyError: They lie on none.
        """
        try:
            return canonical(lattice_of(self.frames.slices, self.frames.apart_mm))
        except InvalidInputError as error:
            raise FaultyStudyError(FaultKind.UNREADABLE, f"{self.name}: {error}") from error

    def lies_on(self, grid: Grid) -> bool:
        """Return whether its pixels are voxels of a grid, in any orientation."""
        try:
            self.frames.slices.on(grid)
        except InvalidInputError:
            return False
        return True

    def read(self, grid: Grid) -> dict[Region, BoolArray]:
        """Read the regions, (I, J, K) bool on a grid; voxels without a frame are outside.

        Raises:
            FaultyStudyError: The pixels are no voxels of the grid, two frames of a segment lie at one
                place, or they cannot be decoded.
        """
        try:
            places = self.frames.slices.on(grid)
        except InvalidInputError as error:
            raise FaultyStudyError(
                FaultKind.AFFINE_MISMATCH, f"{self.name}: not on the grid of the study: {error}"
            ) from error
        self._check_once(places)
        regions = {region: np.zeros(grid.shape, np.bool_) for region in self.convention.regions}
        try:
            for number, pixels in enumerate(self._pixels()):
                for region, segments in self.convention.regions.items():
                    view = places.view(regions[region], number)
                    view |= self._inside(number, pixels, segments)
        except FaultyStudyError as error:
            raise FaultyStudyError(error.kind, f"{self.name}: {error}") from error
        return regions

    def _pixels(self) -> Iterator[NDArray[Any]]:
        return read_frames(self.header.file, self.frames.encoding, len(self.frames.slices))

    def _inside(
        self, number: int, pixels: NDArray[Any], segments: frozenset[int]
    ) -> BoolArray | bool:
        """Return which pixels of a frame are in one of some segments."""
        if self.frames.stored_as is StoredAs.LABELMAP:
            return np.isin(self._known(pixels), list(segments))
        if self.frames.segments[number] not in segments:
            return False
        return np.asarray(pixels > THRESHOLD * self.frames.largest)

    def _known(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Check that all numbers of a label map are of segments."""
        known = {0, self.frames.background, *(item.number for item in self.header.segments)}
        if strange := set(np.unique(pixels).tolist()) - known:
            raise FaultyStudyError(
                FaultKind.UNKNOWN_LABEL, f"pixels of segment {min(strange)}, which is not described"
            )
        return pixels

    def _check_once(self, places: SlicesOnGrid) -> None:
        segments = self.frames.segments or (0,) * len(places.origins)
        found = [
            (segment, *origin)
            for segment, origin in zip(segments, places.origins.tolist(), strict=True)
        ]
        if len(set(found)) < len(found):
            raise FaultyStudyError(
                FaultKind.UNREADABLE, f"{self.name}: two frames of a segment lie at one place"
            )
