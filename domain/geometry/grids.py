"""Grids, planes, and the forms of a localisation.

All arrays are (I, J, K). Voxel (i, j, k) has its *centre* at the continuous coordinate (i, j, k) and
extends half a voxel to each side. `affine` converts voxel coordinates to millimetres in RAS+ world
space (x to the patient's right, y anterior, z superior).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import product
from math import isfinite
from typing import TypeAlias, TypeVar

import numpy as np
import shapely
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError, WrongAnswerError

ScalarT = TypeVar("ScalarT", bound=np.generic)
BoolArray: TypeAlias = NDArray[np.bool_]
FloatArray: TypeAlias = NDArray[np.floating]
Voxel: TypeAlias = tuple[float, float, float]
Spacing: TypeAlias = tuple[float, float, float]
SAME_PLACE_VOX = 0.1
"""Largest distance in voxels between corners of a grid as given by two files."""


class Axis(IntEnum):
    """The axis of a RAS+ grid that a plane is perpendicular to."""

    SAGITTAL = 0
    CORONAL = 1
    AXIAL = 2


@dataclass(frozen=True, eq=False)
class Grid:
    """A regular lattice of voxels in world space.

    Args:
        shape: Voxels along (i, j, k).
        affine: (4, 4) float64, voxel → mm, RAS+ world.

    Raises:
        InvalidInputError: An axis is empty, or the affine is not finite or cannot be inverted.
    """

    shape: tuple[int, int, int]
    affine: NDArray[np.float64]

    def __post_init__(self) -> None:
        if len(self.shape) != 3 or min(self.shape) < 1:
            raise InvalidInputError(f"grid shape {self.shape} is not three positive lengths")
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4) or not np.isfinite(affine).all():
            raise InvalidInputError("affine is not a finite 4x4 matrix")
        if abs(np.linalg.det(affine[:3, :3])) < 1e-9:
            raise InvalidInputError("affine cannot be inverted: it maps the volume onto a plane")
        affine.setflags(write=False)
        object.__setattr__(self, "affine", affine)
        object.__setattr__(self, "shape", tuple(int(n) for n in self.shape))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grid) and self.matches(other)

    def __hash__(self) -> int:
        return hash(self.shape)

    @cached_property
    def spacing_mm(self) -> Spacing:
        """Edges of a voxel along (i, j, k)."""
        a, b, c = np.linalg.norm(self.affine[:3, :3], axis=0)
        return float(a), float(b), float(c)

    @cached_property
    def voxel_volume_mm3(self) -> float:
        """Volume of a voxel, right for sheared grids too."""
        return float(abs(np.linalg.det(self.affine[:3, :3])))

    def matches(self, other: Grid) -> bool:
        """Return whether two grids have the same shape and the same corners.

        Corners may differ by `SAME_PLACE_VOX` of a voxel along each axis, because tools round affines.
        """
        return self.shape == other.shape and self._apart(other)[1] <= SAME_PLACE_VOX

    def difference(self, other: Grid) -> str:
        """Describe how another grid differs, for messages; empty where it matches."""
        if self.shape != other.shape:
            return f"shape {other.shape}, not {self.shape}"
        apart_mm, apart_vox = self._apart(other)
        if apart_vox <= SAME_PLACE_VOX:
            return ""
        return (
            f"up to {apart_mm:.3g} mm ({apart_vox:.3g} voxels) apart: "
            f"wanted at most {SAME_PLACE_VOX:g} voxels"
        )

    def _apart(self, other: Grid) -> tuple[float, float]:
        """Measure the largest distance between corners, in mm and in voxels along an axis."""
        ends = [(-0.5, length - 0.5) for length in self.shape]
        corners = np.array([(*corner, 1.0) for corner in product(*ends)]).T
        apart = ((other.affine - self.affine) @ corners)[:3]
        in_voxels = np.linalg.solve(self.affine[:3, :3], apart)
        return float(np.linalg.norm(apart, axis=0).max()), float(np.abs(in_voxels).max())

    def part(self, block: tuple[slice, ...]) -> Grid:
        """Return the grid of a block of its voxels, such as `extent` finds."""
        shift = np.eye(4)
        shift[:3, 3] = [span.start for span in block]
        i, j, k = (span.stop - span.start for span in block)
        return Grid((i, j, k), self.affine @ shift)

    def to_mm(self, voxel: Voxel) -> Voxel:
        """Convert a continuous voxel coordinate to world millimetres."""
        x, y, z = self.affine[:3, :3] @ np.asarray(voxel, dtype=np.float64) + self.affine[:3, 3]
        return float(x), float(y), float(z)

    def to_voxel(self, mm: Voxel) -> Voxel:
        """Convert world millimetres to a continuous voxel coordinate."""
        offset = np.asarray(mm, dtype=np.float64) - self.affine[:3, 3]
        i, j, k = np.linalg.solve(self.affine[:3, :3], offset)
        return float(i), float(j), float(k)


@dataclass(frozen=True, slots=True)
class Plane:
    """A slice of a grid: all voxels whose coordinate along `axis` is `index`.

    In-plane coordinates are the two remaining voxel coordinates in ascending order of axis:
    (i, j) on an axial plane, (i, k) on a coronal one, (j, k) on a sagittal one.

    Raises:
        WrongAnswerError: The index is negative.
    """

    axis: Axis
    index: int

    def __post_init__(self) -> None:
        if self.index < 0:
            raise WrongAnswerError(f"plane index {self.index} is negative")

    @property
    def in_plane_axes(self) -> tuple[int, int]:
        """The two grid axes that span the plane."""
        first, second = (axis for axis in range(3) if axis != self.axis)
        return first, second

    def spacing_mm(self, grid: Grid) -> tuple[float, float]:
        """Edges of a pixel along the two in-plane axes."""
        first, second = self.in_plane_axes
        return grid.spacing_mm[first], grid.spacing_mm[second]

    def pixel_mm(self, grid: Grid) -> NDArray[np.float64]:
        """Return the matrix from in-plane voxel offsets, as rows, to millimetres on the plane.

        Returns:
            (2, 2) float64, with the spacing on its diagonal where the axes are perpendicular; otherwise
            y is perpendicular to the first axis. Lengths are those of world space; the determinant is
            an area.
        """
        axes = grid.affine[:3, self.in_plane_axes]
        return np.asarray(np.linalg.cholesky(axes.T @ axes), dtype=np.float64)

    def cut(self, volume: NDArray[ScalarT]) -> NDArray[ScalarT]:
        """Extract this plane from an (I, J, K) array, as an array of its two in-plane axes.

        Raises:
            InvalidInputError: The plane lies outside the array.
        """
        if self.index >= volume.shape[self.axis]:
            raise InvalidInputError(
                f"plane {self.index} lies outside {self.axis.name.lower()} axis of "
                f"{volume.shape[self.axis]} voxels"
            )
        # A view: np.take would first copy a volume that is not C-contiguous.
        cut: NDArray[ScalarT] = volume[(slice(None),) * self.axis + (self.index,)]
        return cut


@dataclass(frozen=True, slots=True)
class Point:
    """A point on a plane, in continuous in-plane voxel coordinates.

    Raises:
        WrongAnswerError: A coordinate is not finite.
    """

    plane: Plane
    at: tuple[float, float]

    def __post_init__(self) -> None:
        _check_finite("point", self.at)

    @property
    def in_volume(self) -> Point3D:
        """The same point, in continuous voxel coordinates of the volume."""
        at = list(self.at)
        at.insert(self.plane.axis, float(self.plane.index))
        return Point3D(at=(at[0], at[1], at[2]))


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box of voxels on a plane; `start` is inside it, `stop` is not.

    Raises:
        WrongAnswerError: The box holds no voxel, or starts below zero.
    """

    plane: Plane
    start: tuple[int, int]
    stop: tuple[int, int]

    def __post_init__(self) -> None:
        _check_box(self.start, self.stop)

    @property
    def in_volume(self) -> Box3D:
        """The same voxels as a box in the volume, one voxel thick."""
        start, stop = list(self.start), list(self.stop)
        start.insert(self.plane.axis, self.plane.index)
        stop.insert(self.plane.axis, self.plane.index + 1)
        return Box3D(start=(start[0], start[1], start[2]), stop=(stop[0], stop[1], stop[2]))


@dataclass(frozen=True, slots=True)
class Polygon:
    """A simple polygon on a plane, in continuous in-plane voxel coordinates, not closed.

    Raises:
        WrongAnswerError: Fewer than three vertices, one that is not finite, no area, or an
            outline that crosses or touches itself.
    """

    plane: Plane
    vertices: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.vertices) < 3:
            raise WrongAnswerError(f"polygon of {len(self.vertices)} vertices has no area")
        for vertex in self.vertices:
            _check_finite("polygon vertex", vertex)
        outline = shapely.Polygon(self.vertices)
        if not outline.is_valid:
            reason = shapely.is_valid_reason(outline)
            raise WrongAnswerError(f"polygon is not simple: {reason}")


@dataclass(frozen=True, slots=True)
class Point3D:
    """A point in the volume, in continuous voxel coordinates.

    Raises:
        WrongAnswerError: A coordinate is not finite.
    """

    at: Voxel

    def __post_init__(self) -> None:
        _check_finite("point", self.at)


@dataclass(frozen=True, slots=True)
class Box3D:
    """An axis-aligned box of voxels in the volume; `start` is inside it, `stop` is not.

    Raises:
        WrongAnswerError: The box holds no voxel, or starts below zero.
    """

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    def __post_init__(self) -> None:
        _check_box(self.start, self.stop)

    @property
    def centre(self) -> Point3D:
        """The centre of the box, in continuous voxel coordinates."""
        i, j, k = ((lo + hi - 1) / 2 for lo, hi in zip(self.start, self.stop, strict=True))
        return Point3D(at=(i, j, k))


def extent(region: BoolArray) -> tuple[slice, ...]:
    """Find the smallest block of an array that holds all of its True elements.

    Args:
        region: bool, any number of axes.

    Raises:
        InvalidInputError: No element is True.
    """
    if region.flags.f_contiguous and not region.flags.c_contiguous:  # looked at as it lies
        return extent(region.T)[::-1]
    block: list[slice] = []
    rest: NDArray[np.bool_] = region
    for axis in range(region.ndim):
        occupied = np.flatnonzero(rest.any(axis=tuple(range(1, rest.ndim))))
        if not occupied.size:
            raise InvalidInputError(f"region of shape {region.shape} holds no voxel")
        block.append(slice(int(occupied[0]), int(occupied[-1]) + 1))
        rest = np.asarray(rest[block[axis]].any(axis=0))
    return tuple(block)


def _check_finite(name: str, values: tuple[float, ...]) -> None:
    if not all(map(isfinite, values)):  # np.isfinite takes 100 times as long for two numbers
        raise WrongAnswerError(f"{name} {values} is not finite")


def _check_box(start: tuple[int, ...], stop: tuple[int, ...]) -> None:
    if any(lo < 0 or hi <= lo for lo, hi in zip(start, stop, strict=True)):
        raise WrongAnswerError(f"box {start} to {stop} holds no voxel")
