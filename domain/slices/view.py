"""One slice as a picture, and back: the picture shown to a vision-language model, and its answers.

Pictures are square, upright and radiological: the patient's right (on sagittal planes: anterior) is
on the left, and anterior (on the other planes: superior) is at the top. RAS+ axes run to the
patient's right, anterior and superior, so both axes of every plane run against the picture's.

Positions in a picture are fractions of it: x to the right, y down, origin at the top left corner of
the first pixel. In a montage they refer to one panel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    FloatArray,
    Grid,
    Plane,
    Point,
    Polygon,
    extent,
)
from gliobench.domain.predictions.forms import largest_plane

Place = tuple[float, float]


class SlicePolicy(str, Enum):
    """Which slices of a study are shown; all are axial."""

    ORACLE_LARGEST_TUMOUR = "oracle-largest-tumour"
    BRAIN_MIDDLE = "brain-middle"
    LOCALIZER_GUIDED = "localizer-guided"
    N_SLICES = "n-slices"


class Composition(str, Enum):
    """How the modalities of a slice are shown: in one picture, or in a picture each."""

    ONE = "one"
    RGB = "rgb"
    MONTAGE = "montage"
    SEPARATE = "separate"

    @property
    def modality_count(self) -> int:
        """Number of modalities: one in grey, three as colours, four panels of 2x2 or four pictures."""
        return {"one": 1, "rgb": 3, "montage": 4, "separate": 4}[self.value]

    @property
    def picture_count(self) -> int:
        """Number of pictures that are shown together."""
        return self.modality_count if self is Composition.SEPARATE else 1

    def panel_px(self, size_px: int) -> int:
        """Return the edge of one panel of a picture, to which coordinates refer."""
        return size_px // 2 if self is Composition.MONTAGE else size_px


@dataclass(frozen=True, slots=True)
class SliceView:
    """The position of a plane in a square picture; made by `SliceView.of`.

    Args:
        plane: The slice of a RAS+ grid.
        shape: Voxels of the plane along its two axes.
        size_px: Edge of the picture.
        middle: In-plane voxel coordinate of the picture's centre.
        field_vox: Edge of the picture, in voxels along each axis: equal in millimetres.
        mirrored: Reverses x, so that the patient's right is on the right.

    Raises:
        InvalidInputError: The picture has no pixel, or the field is not positive and finite.
    """

    plane: Plane
    shape: tuple[int, int]
    size_px: int
    middle: Place
    field_vox: tuple[float, float]
    mirrored: bool = False

    def __post_init__(self) -> None:
        if self.size_px < 1:
            raise InvalidInputError(f"picture of {self.size_px} pixels: wanted 1 or more")
        if not (np.isfinite(self.field_vox).all() and min(self.field_vox) > 0):
            raise InvalidInputError(f"field of {self.field_vox} voxels shows nothing")

    @classmethod
    def of(
        cls, grid: Grid, plane: Plane, size_px: int, *, crop: tuple[slice, ...] | None = None
    ) -> SliceView:
        """Fit a plane into a picture, undistorted, with equal padding on both sides.

        Args:
            grid: The study's RAS+ grid.
            plane: The slice.
            size_px: Edge of the picture.
            crop: The part of the plane to fit, as returned by `geometry.extent`; None fits all. Its
                surroundings are shown where the square has room.

        Raises:
            InvalidInputError: The plane lies outside the grid, or the crop outside the plane.
        """
        if plane.index >= grid.shape[plane.axis]:
            raise InvalidInputError(f"{plane} lies outside a grid of {grid.shape}")
        first, second = plane.in_plane_axes
        shape = grid.shape[first], grid.shape[second]
        low, high = _edges(shape, crop)
        spacing_mm = plane.spacing_mm(grid)
        field_mm = max((h - lo) * mm for lo, h, mm in zip(low, high, spacing_mm, strict=True))
        return cls(
            plane=plane,
            shape=shape,
            size_px=size_px,
            middle=((low[0] + high[0]) / 2, (low[1] + high[1]) / 2),
            field_vox=(field_mm / spacing_mm[0], field_mm / spacing_mm[1]),
        )

    def moved(self, by: Place = (0.0, 0.0), *, mirrored: bool = False) -> SliceView:
        """Return the view with its contents mirrored left to right, then moved.

        Args:
            by: To the right and down, in fractions of the picture.
            mirrored: Whether to mirror the contents.
        """
        turned = replace(self, mirrored=self.mirrored != mirrored)
        return replace(turned, middle=turned.to_plane((0.5 - by[0], 0.5 - by[1])))

    def to_picture(self, at: Place) -> Place:
        """Convert a continuous in-plane voxel coordinate to fractions of the picture."""
        x = (self.middle[0] - at[0]) / self.field_vox[0]
        y = (self.middle[1] - at[1]) / self.field_vox[1]
        return 0.5 + (-x if self.mirrored else x), 0.5 + y

    def to_plane(self, place: Place) -> Place:
        """Convert fractions of the picture to a continuous in-plane voxel coordinate."""
        x, y = place[0] - 0.5, place[1] - 0.5
        first = self.middle[0] - (-x if self.mirrored else x) * self.field_vox[0]
        return first, self.middle[1] - y * self.field_vox[1]

    def point_to_picture(self, point: Point) -> Place:
        """Convert a point to fractions."""
        return self.to_picture(point.at)

    def point_from_picture(self, place: Place) -> Point:
        """Convert fractions to a point; in the padding it lies outside the plane."""
        return Point(plane=self.plane, at=self.to_plane(place))

    def box_to_picture(self, box: Box) -> tuple[float, float, float, float]:
        """Convert a box to fractions: left, top, right, bottom of its voxels."""
        one = self.to_picture((box.start[0] - 0.5, box.start[1] - 0.5))
        other = self.to_picture((box.stop[0] - 0.5, box.stop[1] - 0.5))
        (x0, x1), (y0, y1) = (sorted(ends) for ends in zip(one, other, strict=True))
        return x0, y0, x1, y1

    def box_from_picture(self, edges: tuple[float, float, float, float]) -> Box:
        """Convert left, top, right, bottom to a box of voxels.

        Edges are rounded to the nearest voxel edges and clipped to the plane. A box without any voxel
        becomes the voxel nearest to its centre.
        """
        one, other = self.to_plane((edges[0], edges[1])), self.to_plane((edges[2], edges[3]))
        (i0, i1), (j0, j1) = (_voxels(one[a], other[a], self.shape[a]) for a in range(2))
        return Box(plane=self.plane, start=(i0, j0), stop=(i1, j1))

    def polygon_to_picture(self, polygon: Polygon) -> tuple[Place, ...]:
        """Convert a polygon's vertices to fractions."""
        return tuple(self.to_picture(vertex) for vertex in polygon.vertices)

    def polygon_from_picture(self, vertices: Sequence[Place]) -> Polygon:
        """Convert vertices to a polygon; those in the padding lie outside the plane.

        Raises:
            InvalidInputError: The outline is not simple.
        """
        return Polygon(plane=self.plane, vertices=tuple(self.to_plane(at) for at in vertices))


def brain_middle(volume: FloatArray) -> Plane:
    """Find the axial plane with the largest area of brain, which is every non-zero voxel.

    Raises:
        InvalidInputError: The volume is zero everywhere.
    """
    return largest_plane(volume != 0, Axis.AXIAL)


def evenly_spaced(volume: FloatArray, count: int) -> tuple[Plane, ...]:
    """Part the brain into layers of equal height and give the middle axial plane of each.

    Args:
        volume: (I, J, K), zero outside the brain.
        count: Layers; a brain of fewer planes gives all of its planes.

    Returns:
        Distinct planes, from the lowest up.

    Raises:
        InvalidInputError: The volume is zero everywhere, or the count is below one.
    """
    if count < 1:
        raise InvalidInputError(f"{count} slices: wanted 1 or more")
    span = extent(volume != 0)[Axis.AXIAL]
    height = span.stop - span.start
    count = min(count, height)
    offsets = ((2 * layer + 1) * height // (2 * count) for layer in range(count))
    return tuple(Plane(axis=Axis.AXIAL, index=span.start + offset) for offset in offsets)


def _edges(shape: tuple[int, int], crop: tuple[slice, ...] | None) -> tuple[Place, Place]:
    """Return the lowest and highest edges of the voxels to fit in, as in-plane coordinates."""
    spans = [(0, n) for n in shape] if crop is None else [(span.start, span.stop) for span in crop]
    for (start, stop), length in zip(spans, shape, strict=True):
        if not 0 <= start < stop <= length:
            raise InvalidInputError(f"crop of {spans} holds no voxel or leaves a plane of {shape}")
    (i0, i1), (j0, j1) = spans
    return (i0 - 0.5, j0 - 0.5), (i1 - 0.5, j1 - 0.5)


def _voxels(one: float, other: float, length: int) -> tuple[int, int]:
    """Round an interval of a plane's axis to whole voxels of it, at least one."""
    low, high = sorted((one + 0.5, other + 0.5))  # voxel n reaches from n to n + 1
    start, stop = (int(np.clip(np.floor(edge + 0.5), 0, length)) for edge in (low, high))
    if start < stop:
        return start, stop
    nearest = int(np.clip(np.floor((low + high) / 2), 0, length - 1))
    return nearest, nearest + 1
