"""One NIfTI image: its header, checked against limits, and its voxels on the RAS+ grid.

nibabel reads the header and chooses between qform and sform. The voxels are read here, because nibabel
trusts the declared shape of a file and decompresses without limit.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from nibabel.spatialimages import HeaderDataError
from nibabel.wrapstruct import WrapStructError
from numpy.typing import NDArray

from gliobench.adapters.nifti.bounded_file import read_start, read_whole
from gliobench.application.datasets.study_images import check_same_grid
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical, reorient, turned_like
from gliobench.domain.studies.extent import check_extent
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.patients import PHANTOM_MARK

# Twice the finest brain MRI on each axis, and 512 MiB a volume as float32; see `read` for its cost.
MAX_VOXELS_ALONG_AXIS = 1024
MAX_VOXELS = 2**27
_MAX_OFFSET = 2**24  # offset of the first voxel: extensions precede it
_HEADER_SIZE = Nifti2Header.template_dtype.itemsize  # the longer of the two
_OTHER_UNITS = {1: "metres", 3: "microns"}
"""Codes of the header's units of space that are not mm, which is what nearly all files are in."""
_QUIET = logging.getLogger("gliobench.nifti_header")
_QUIET.addHandler(logging.NullHandler())
_QUIET.propagate = False


@dataclass(frozen=True, slots=True)
class Channel:
    """One of the volumes of a file with four axes.

    Args:
        index: From 0.
        of: How many there are.
    """

    index: int
    of: int


WHOLE = Channel(0, 1)
"""The one volume of a file with three axes."""


@dataclass(frozen=True)
class ImageFile:
    """The content of a NIfTI file's header.

    Args:
        path: The file.
        native_grid: The grid in the file's own orientation.
        dtype: Type of a stored voxel, with its byte order.
        offset: Bytes before the first voxel.
        slope: True value = stored value times `slope` plus `intercept`.
        intercept: See `slope`.
        simulated: Whether the header marks a phantom.
        is_placed: Whether the header states an affine, of one handedness; else that of `native_grid` is a
            guess.
        model: A grid whose axis directions to use; None for RAS+.
        channel: The volume to read.
    """

    path: DatasetPath
    native_grid: Grid
    dtype: np.dtype[Any]
    offset: int
    slope: float
    intercept: float
    simulated: bool = False
    is_placed: bool = True
    model: Grid | None = None
    channel: Channel = WHOLE

    @classmethod
    def open(cls, path: DatasetPath, channel: Channel = WHOLE) -> ImageFile:
        """Read and check a header; no voxel is read.

        Raises:
            NotFoundError: There is no such file.
            FaultyStudyError: It is not a NIfTI image with three axes, or with a fourth of that many
                channels, or exceeds the limits.
        """
        block = bytes(read_start(path, _HEADER_SIZE))
        try:
            with np.errstate(all="ignore"):  # warnings about invalid headers
                return _image_file(path, _checked_header(block), channel)
        except (HeaderDataError, WrapStructError, InvalidInputError, ArithmeticError) as error:
            raise _unreadable(path, str(error)) from error
        except (ValueError, KeyError, IndexError, np.linalg.LinAlgError) as error:
            raise _unreadable(path, f"bad NIfTI header: {error}") from error

    @property
    def name(self) -> str:
        """The path, for messages."""
        return str(self.path)

    @cached_property
    def grid(self) -> Grid:
        """The RAS+ grid of the same voxels."""
        if self.model is not None:
            return turned_like(self.native_grid, self.model)
        return canonical(self.native_grid)

    def content(self) -> bytes | bytearray:
        """Read the file, decompressed, with all channels.

        Raises:
            FaultyStudyError: The file is truncated, or longer than declared.
        """
        return read_whole(self.path, self._start(self.channel.of))

    def stored(self, content: bytes | bytearray | None = None) -> NDArray[Any]:
        """Read the voxels as they are stored, without scaling.

        Args:
            content: Of the file, if it has been read.

        Returns:
            (I, J, K) of `dtype` on `grid`, not to be written to. The memory order is the file's.

        Raises:
            FaultyStudyError: The file is truncated, or longer than declared.
        """
        size, start = math.prod(self.native_grid.shape), self._start(self.channel.index)
        content = self.content() if content is None else content
        voxels = np.frombuffer(content, dtype=self.dtype, count=size, offset=start)
        voxels = voxels.reshape(self.native_grid.shape, order="F")
        return reorient(voxels, source=self.native_grid, target=self.grid)

    def read(self, content: bytes | bytearray | None = None) -> NDArray[np.float32]:
        """Read the voxels.

        Peak memory is the stored plus the returned array: at `MAX_VOXELS` 0.75 GiB for 16-bit
        integers, 1.5 GiB for 64-bit floats.

        Args:
            content: Of the file, if it has been read.

        Returns:
            (I, J, K) float32 on `grid`, scaled by the header. The memory order is the file's, usually
            with i fastest: transposing 9 million voxels takes longer than decompressing them.

        Raises:
            FaultyStudyError: The file is truncated, longer than declared, or contains NaN or infinity.
        """
        turned = self.stored(content)
        if self._is_whole:
            return turned.astype(np.float32)
        volume = np.empty_like(turned, dtype=np.float32)
        slowest = int(np.argmax(np.abs(turned.strides)))
        slabs, rooms = np.moveaxis(turned, slowest, 0), np.moveaxis(volume, slowest, 0)
        for slab, room in zip(slabs, rooms, strict=True):
            room[...] = self._scaled(slab)
            if not np.isfinite(room).all():
                raise FaultyStudyError(FaultKind.NOT_FINITE, f"{self.path}: holds NaN or infinity")
        return volume

    def covers(self, grid: Grid) -> bool:
        """Return whether the image has the voxels of a grid, in any orientation."""
        return replace(self, model=grid).grid == grid

    def placed_on(self, grid: Grid, *, of: str) -> ImageFile:
        """Return the image on a grid that it covers, in any orientation.

        Args:
            grid: RAS+.
            of: Owner of the grid, for the message.

        Raises:
            FaultyStudyError: The shape differs, or the affine by more than rounding.
        """
        placed = replace(self, model=grid)
        check_same_grid(placed, grid, of=of)
        return placed

    @property
    def _is_whole(self) -> bool:
        """Whether the voxels are integers as they are stored, all of which are finite."""
        return self.dtype.kind in "iu" and (self.slope, self.intercept) == (1.0, 0.0)

    def _start(self, channel: int) -> int:
        """Return at which byte a channel begins; the number of channels gives the end of the file."""
        return self.offset + channel * math.prod(self.native_grid.shape) * self.dtype.itemsize

    def _scaled(self, stored: NDArray[Any]) -> NDArray[np.float32]:
        with np.errstate(over="ignore", invalid="ignore"):  # infinity is reported below
            if (self.slope, self.intercept) != (1.0, 0.0):
                stored = stored.astype(np.float64) * self.slope + self.intercept
            return stored.astype(np.float32)


def _checked_header(block: bytes) -> Nifti1Header:
    of_version_2 = Nifti2Header.may_contain_header(block)
    kind = Nifti2Header if of_version_2 else Nifti1Header
    if not kind.may_contain_header(block):
        raise InvalidInputError("not a NIfTI file")
    size = kind.template_dtype.itemsize
    header = kind(block[:size], check=False)  # type: ignore[no-untyped-call]  # as all of nibabel
    header.check_fix(logger=_QUIET, error_level=40)
    if header["magic"].item() != kind.single_magic:
        raise InvalidInputError("only a header of a pair (.hdr, .img): wanted one file")
    return header


def _image_file(path: DatasetPath, header: Nifti1Header, channel: Channel) -> ImageFile:
    declared = tuple(int(length) for length in header.get_data_shape())
    shape = _checked_shape(declared, channel.of)
    dtype = header.get_data_dtype()
    if dtype.kind not in "iuf" or dtype.itemsize > 8:
        raise InvalidInputError(f"voxels of type {dtype}: wanted integers or floats")
    offset = header.get_data_offset()
    if not 0 <= offset <= _MAX_OFFSET:
        raise InvalidInputError(f"voxels begin at byte {offset}: wanted at most {_MAX_OFFSET}")
    grid = _checked_grid(shape, header)
    slope, intercept = header.get_slope_inter()
    return ImageFile(
        path=path,
        native_grid=grid,
        dtype=dtype,
        offset=offset,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        simulated=PHANTOM_MARK.encode() in header["descrip"].item(),
        is_placed=_is_placed(header),
        channel=channel,
    )


def _is_placed(header: Nifti1Header) -> bool:
    """Return whether there is an affine, and no other that mirrors it: a rotation has the sign of pixdim[0]."""
    hands = set()
    if header["sform_code"] > 0:
        hands.add(bool(np.linalg.det(header.get_sform()[:3, :3]) > 0))
    if header["qform_code"] > 0:
        hands.add(not header["pixdim"][0] < 0)
    return len(hands) == 1


def _checked_grid(shape: tuple[int, int, int], header: Nifti1Header) -> Grid:
    try:
        grid = Grid(shape=shape, affine=header.get_best_affine())
        check_extent(grid)
    except InvalidInputError as error:
        unit = _OTHER_UNITS.get(header["xyzt_units"].item() & 7)
        stated = f"in {unit} by its header, which are read as mm: " if unit else ""
        raise InvalidInputError(f"{stated}{error}") from error
    return grid


def _checked_shape(declared: tuple[int, ...], channels: int) -> tuple[int, int, int]:
    beyond = [length for length in declared[3:] if length != 1]
    if len(declared) < 3 or beyond != [channels] * (channels > 1):
        axes = f"four axes, the last of {channels} channels" if channels > 1 else "three axes"
        raise InvalidInputError(f"shape {declared}: wanted {axes}")
    i, j, k = declared[:3]
    longest, voxels = max(i, j, k), i * j * k * channels
    if min(i, j, k) < 1 or longest > MAX_VOXELS_ALONG_AXIS or voxels > MAX_VOXELS:
        raise InvalidInputError(
            f"declares shape {declared}: wanted 1 to {MAX_VOXELS_ALONG_AXIS} voxels an axis, "
            f"{MAX_VOXELS} in all"
        )
    return i, j, k


def _unreadable(path: DatasetPath, reason: str) -> FaultyStudyError:
    return FaultyStudyError(FaultKind.UNREADABLE, f"{path}: {' '.join(reason.split())}")
