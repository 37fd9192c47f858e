"""The images of one series as one volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmread

from gliobench.adapters.dicom.files import content_of
from gliobench.adapters.dicom.frames import Frame, placed_slices
from gliobench.adapters.dicom.headers import Header
from gliobench.adapters.dicom.pixels import GREY, MOST_PIXELS, Encoding, read_frames
from gliobench.adapters.dicom.tags import silence_pydicom
from gliobench.application.datasets.study_images import check_same_grid
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical, reorient, turned_like
from gliobench.domain.geometry.slice_stack import MissingSliceError, SliceStack, stack_slices
from gliobench.domain.studies.extent import check_extent
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError

_OVERLAP = 1.5
"""How many times as thick as their distance slices may be if they are of several acquisitions."""


@dataclass(frozen=True, slots=True)
class PlacedFrame:
    """A frame and its file."""

    header: Header
    frame: Frame


@final
@dataclass(frozen=True)
class SeriesImages:
    """A volume in DICOM files.

    Args:
        name: What to call it in messages; names no patient.
        frames: In the order of the slices, from the first along the normal of their planes.
        repeats: Other frames at the place of one of these: that one, and the repeated one.
        native_grid: Its axes are columns, rows and slices; the world is RAS+.
        encoding: Of the pixels.
        model: A grid whose axis directions to use; None for RAS+.
    """

    name: str
    frames: tuple[PlacedFrame, ...] = field(repr=False)
    repeats: tuple[tuple[PlacedFrame, PlacedFrame], ...] = field(repr=False)
    native_grid: Grid
    encoding: Encoding
    model: Grid | None = None
    simulated: bool = False
    is_placed: bool = True

    @classmethod
    def of(cls, name: str, frames: Sequence[PlacedFrame]) -> SeriesImages:
        """Sort frames into a volume by their places; no pixel is read.

        Raises:
            FaultyStudyError: Frames have no place or differ in size or orientation, are in colours or partly
                scaled, slices are missing or of several acquisitions that overlap, or there are several
                images at most places.
        """
        try:
            frames, again = _once(frames)
            _check_alike(frames)
            rows, columns = (int(_common(frames, name)) for name in ("Rows", "Columns"))
            encoding = Encoding(rows, columns)
            stack = _stacked(frames, encoding)
            check_extent(stack.grid)
            _check_apart(frames, stack.grid.spacing_mm[2])
        except MissingSliceError as error:
            raise FaultyStudyError(FaultKind.TRUNCATED, f"{name}: {error}") from error
        except InvalidInputError as error:
            raise FaultyStudyError(FaultKind.UNREADABLE, f"{name}: {error}") from error
        return cls(
            name,
            tuple(frames[index] for index in stack.order),
            (*((frames[one], frames[other]) for one, other in stack.repeats), *again),
            stack.grid,
            encoding,
        )

    @cached_property
    def grid(self) -> Grid:
        """The RAS+ grid of the same voxels, or the one that it was placed on."""
        if self.model is not None:
            return turned_like(self.native_grid, self.model)
        return canonical(self.native_grid)

    def covers(self, grid: Grid) -> bool:
        """Return whether the image has the voxels of a grid, in any orientation."""
        return replace(self, model=grid).grid == grid

    def placed_on(self, grid: Grid, *, of: str) -> SeriesImages:
        """Return the image on a grid that it covers, in any orientation.

        Raises:
            FaultyStudyError: It does not cover the grid.
        """
        placed = replace(self, model=grid)
        try:
            check_same_grid(placed, grid, of=of)
        except FaultyStudyError as error:
            raise FaultyStudyError(
                error.kind, f"{error}: series on different grids must be registered first"
            ) from error
        return placed

    def read(self) -> NDArray[np.float32]:
        """Read the voxels, (I, J, K) float32 on `grid`, scaled by the tags of each frame.

        Peak memory is the volume and one file.

        Raises:
            FaultyStudyError: Pixels are missing, truncated, damaged or not finite, or two images at one
                place differ.
        """
        silence_pydicom()
        volume = np.empty(self.native_grid.shape, dtype=np.float32, order="F")
        for header, slices in self._by_file().items():
            stored = self._stored(header)
            for k in slices:
                volume[:, :, k] = _scaled(stored, self.frames[k].frame)
        if not np.isfinite(volume).all():
            raise FaultyStudyError(FaultKind.NOT_FINITE, f"{self.name}: holds NaN or infinity")
        self._check_repeats(volume)
        return reorient(volume, source=self.native_grid, target=self.grid)

    def content(self) -> str:
        """Hash the files in the order of the slices (sha256, hex).

        Raises:
            InvalidInputError: One cannot be read.
        """
        digest = sha256()
        for header, slices in self._by_file().items():
            indices = [self.frames[k].frame.index for k in slices]
            digest.update(f"{content_of(header.file)} {slices} {indices}\n".encode())
        return digest.hexdigest()

    def datasets(self) -> Iterator[tuple[Dataset, int]]:
        """Read the tags of each slice's file, in order, with the index of its frame; no pixels.

        What is written about these images, such as a segmentation, refers to them. The tags name the
        patient.
        """
        silence_pydicom()
        for placed in self.frames:
            with placed.header.file.opened() as opened:
                yield dcmread(opened, stop_before_pixels=True, force=True), placed.frame.index

    def _by_file(self) -> dict[Header, list[int]]:
        """Return the slices that each file holds, in the order of the first ones."""
        found: dict[Header, list[int]] = {}
        for k, placed in enumerate(self.frames):
            found.setdefault(placed.header, []).append(k)
        return found

    def _stored(self, header: Header) -> list[NDArray[Any]]:
        try:
            return list(read_frames(header.file, self.encoding, len(header.frames)))
        except FaultyStudyError as error:
            raise FaultyStudyError(error.kind, f"{self.name}: {error}") from error

    def _check_repeats(self, volume: NDArray[np.float32]) -> None:
        """Check that images at one place are the same image, exported twice."""
        at = {(id(placed.header), placed.frame.index): k for k, placed in enumerate(self.frames)}
        for one, other in self.repeats:
            k = at.get((id(one.header), one.frame.index))
            if k is None:  # the repeat of a repeat
                continue
            again = _scaled(self._stored(other.header), other.frame)
            if not np.array_equal(again, volume[:, :, k]):
                raise FaultyStudyError(
                    FaultKind.UNREADABLE, f"{self.name}: two different images at slice {k + 1}"
                )


def _once(
    frames: Sequence[PlacedFrame],
) -> tuple[list[PlacedFrame], list[tuple[PlacedFrame, PlacedFrame]]]:
    """Part frames from those of the same instance, which was exported more than once.

    Raises:
        InvalidInputError: Instances of one UID lie at several places.
    """
    first: dict[tuple[str, int], PlacedFrame] = {}
    again = []
    for placed in frames:
        uid = placed.header.instance_uid or f"{id(placed.header)}"
        one = first.setdefault((uid, placed.frame.index), placed)
        if one.frame.position_mm != placed.frame.position_mm:
            raise InvalidInputError("images of several places have one SOPInstanceUID")
        if one is not placed:
            again.append((one, placed))
    return list(first.values()), again


def _check_alike(frames: Sequence[PlacedFrame]) -> None:
    """Check what the values of frames mean, as far as headers state it.

    Raises:
        InvalidInputError: Pixels are in colours or inverted, or only some frames are scaled.
    """
    colours = {item.header.text("PhotometricInterpretation") for item in frames} - {""}
    if colours - {GREY}:
        raise InvalidInputError(f"pixels of colours, or inverted: wanted {GREY}")
    scales = [(item.frame.slope, item.frame.intercept) for item in frames]
    if (bare := scales.count((None, 0.0))) and set(scales) - {(None, 0.0), (1.0, 0.0)}:
        raise InvalidInputError(
            f"{bare} of {len(frames)} images lack the RescaleSlope of the others"
        )


def _check_apart(frames: Sequence[PlacedFrame], apart_mm: float) -> None:
    """Check that slices of several acquisitions are not those of a head that has moved in between.

    Raises:
        InvalidInputError: They overlap.
    """
    acquisitions = {item.header.number("AcquisitionNumber") for item in frames} - {None}
    thick_mm = frames[0].header.number("SliceThickness") or 0.0
    if len(acquisitions) > 1 and thick_mm > _OVERLAP * apart_mm:
        raise InvalidInputError(
            f"slices of {thick_mm:.4g} mm from {len(acquisitions)} acquisitions lie {apart_mm:.4g} mm "
            "apart: wanted one acquisition"
        )


def _scaled(stored: Sequence[NDArray[Any]], frame: Frame) -> NDArray[np.float32]:
    """Return a frame's values, (columns, rows); what overflows becomes infinite."""
    with np.errstate(over="ignore", invalid="ignore"):
        values = stored[frame.index].T.astype(np.float64) * (frame.slope or 1.0) + frame.intercept
        return values.astype(np.float32)


def _stacked(frames: Sequence[PlacedFrame], encoding: Encoding) -> SliceStack:
    placed = [item.frame for item in frames]
    if len(placed) * encoding.rows * encoding.columns > MOST_PIXELS:
        raise InvalidInputError(f"{len(placed)} images: wanted at most {MOST_PIXELS} pixels in all")
    slices = placed_slices(placed, (encoding.rows, encoding.columns))
    stack = stack_slices(slices)
    if len(stack.repeats) > len(stack.order) // 2:
        times = len(placed) / len(stack.order)
        raise InvalidInputError(
            f"{times:.3g} images at each place: a series over time, or of kinds"
        )
    return stack


def _common(frames: Sequence[PlacedFrame], name: str) -> float:
    """Return a number that all files share."""
    values = {item.header.number(name) for item in frames}
    if len(values) != 1 or None in values:
        shown = ", ".join(f"{value or 0:g}" for value in sorted(values, key=lambda v: v or 0)[:3])
        raise InvalidInputError(f"images of different {name} ({shown}): wanted the same throughout")
    (value,) = values
    return value or 0.0
