"""Diameters of a tumour, as radiologists measure them for response assessment.

Source: the longest diameter on an axial slice, and the longest one perpendicular to it (RANO; Wen et al.,
J Clin Oncol 2010; 28:1963-1972). Measured between points of the outline, which runs half-way between the
voxels inside and outside; across notches and cavities.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    FloatArray,
    Grid,
    Plane,
    Polygon,
    extent,
)
from gliobench.domain.geometry.parts import Parts

Millimetres = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Diameters:
    """Two perpendicular diameters on one axial slice.

    Args:
        plane: Axial.
        longest_mm: The longest diameter.
        perpendicular_mm: The longest one at right angles to it.

    Raises:
        InvalidInputError: The plane is not axial, or not 0 ≤ perpendicular ≤ longest.
    """

    plane: Plane
    longest_mm: float
    perpendicular_mm: float

    def __post_init__(self) -> None:
        if self.plane.axis != Axis.AXIAL:
            raise InvalidInputError(f"{self.plane} is not axial")
        if not 0 <= self.perpendicular_mm <= self.longest_mm * (1 + 1e-9):
            raise InvalidInputError(
                f"diameters of {self.longest_mm} and {self.perpendicular_mm} mm: wanted 0 ≤ "
                "perpendicular ≤ longest"
            )


def axial_diameters(region: BoolArray, grid: Grid) -> Diameters:
    """Measure a region on the axial slice on which it is longest; of equals, the lowest.

    On each slice the largest group of pixels counts that touch by edges or corners.

    Args:
        region: (I, J, K) bool.
        grid: RAS+; spacing and shear are taken into account.

    Raises:
        InvalidInputError: The region is empty.
    """
    block = extent(region)
    slices = np.moveaxis(region[block], Axis.AXIAL, 0)
    measured = (
        _measured(_outline(_largest_part(pixels[None])[0]), Plane(Axis.AXIAL, index), grid)
        for index, pixels in enumerate(slices, start=block[Axis.AXIAL].start)
        if pixels.any()
    )
    return max(measured, key=lambda found: found.longest_mm)


def polygon_diameters(polygon: Polygon, grid: Grid) -> Diameters:
    """Measure a polygon between its vertices.

    Raises:
        InvalidInputError: Its plane is not axial.
    """
    return _measured(np.array(polygon.vertices), polygon.plane, grid)


def longest_diameter_mm(region: BoolArray, grid: Grid) -> float:
    """Measure the longest diameter in the volume, of the largest group of voxels that touch.

    Args:
        region: (I, J, K) bool.
        grid: Spacing and shear are taken into account.

    Raises:
        InvalidInputError: The region is empty.
    """
    part = _largest_part(region[extent(region)])
    slices = [_hull(_ends(pixels)) for pixels in np.moveaxis(part, Axis.AXIAL, 0)]
    heights = np.repeat(np.arange(len(slices)), [len(corners) for corners in slices])
    corners = np.column_stack([np.concatenate(slices), heights])
    return _furthest_mm(corners @ grid.affine[:3, :3].T, grid.affine[:3, :3].T)


def _furthest_mm(voxels_mm: Millimetres, edges_mm: Millimetres) -> float:
    """Measure the longest distance between points half an edge away from two voxels' centres.

    It runs along the same edge at both ends: d² + 2 |d · edge| + edge² for the distance d of the centres.

    Args:
        voxels_mm: (N, 3) centres.
        edges_mm: (3, 3) edges of a voxel, as rows.
    """
    squares = (voxels_mm**2).sum(axis=1)
    apart = squares[:, None] + squares - 2 * voxels_mm @ voxels_mm.T
    longest = 0.0
    for edge in edges_mm:
        along = voxels_mm @ edge
        reach = apart + 2 * np.abs(along[:, None] - along) + edge @ edge
        longest = max(longest, float(reach.max()))
    return float(np.sqrt(longest))


def _measured(points: FloatArray, plane: Plane, grid: Grid) -> Diameters:
    outline = _hull(points @ plane.pixel_mm(grid))
    apart = np.linalg.norm(outline[:, None] - outline, axis=-1)
    one, other = np.unravel_index(apart.argmax(), apart.shape)
    along = (outline[other] - outline[one]) / apart[one, other]
    return Diameters(plane, float(apart[one, other]), _widest_mm(outline, along))


def _widest_mm(outline: Millimetres, along: Millimetres) -> float:
    """Measure the longest chord across a convex outline, at right angles to a direction.

    The width changes linearly between vertices, so that the longest chord starts at one of them.

    Args:
        outline: (N, 2) corners in order.
        along: (2,) of length 1; the outline has one first and one last vertex along it.
    """
    lengths, heights = outline @ along, outline @ (-along[1], along[0])
    first = int(lengths.argmin())
    lengths, heights = np.roll(lengths, -first), np.roll(heights, -first)
    last = int(lengths.argmax())
    below = np.interp(lengths, lengths[: last + 1], heights[: last + 1])
    upper = slice(None, last - 1 if last else None, -1)
    lengths_above = np.append(lengths[0], lengths[upper])
    above = np.interp(lengths, lengths_above, np.append(heights[0], heights[upper]))
    return float(np.abs(above - below).max())


def _hull(points: FloatArray) -> Millimetres:
    """Return the corners of the convex hull of (N, 2) points, in order."""
    hull = shapely.convex_hull(shapely.multipoints(points))
    corners = np.asarray(shapely.get_coordinates(hull), dtype=np.float64)
    return corners[:-1] if hull.geom_type == "Polygon" else corners


def _outline(region: BoolArray) -> Millimetres:
    """Return points half-way to the outer neighbours of (I, J) pixels, enough for their convex hull."""
    return np.reshape(_ends(region)[:, None] + _HALF_STEPS, (-1, 2))


def _ends(region: BoolArray) -> Millimetres:
    """Return the first and the last pixel of each row of (I, J) pixels."""
    rows = np.flatnonzero(region.any(axis=1))
    held = region[rows]
    last = region.shape[1] - 1 - held[:, ::-1].argmax(axis=1)
    ends = np.concatenate([np.column_stack([rows, end]) for end in (held.argmax(axis=1), last)])
    return ends.astype(np.float64)


_HALF_STEPS = np.array([(0.5, 0.0), (-0.5, 0.0), (0.0, 0.5), (0.0, -0.5)])


def _largest_part(region: BoolArray) -> BoolArray:
    """Return the largest part of (I, J, K) voxels, which touch by corners; of equals the first."""
    parts = Parts.of(region)
    return parts.having(np.arange(parts.n + 1) == parts.n_voxels.argmax())
