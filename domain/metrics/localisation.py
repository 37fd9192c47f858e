"""How well a tumour is placed: distance of centres, hits, overlap of boxes and polygons."""

from __future__ import annotations

from math import floor, prod
from typing import TypeVar

import numpy as np
import shapely

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    BoolArray,
    Box,
    Box3D,
    Grid,
    Point,
    Point3D,
    Polygon,
    Voxel,
)

PointT = TypeVar("PointT", Point, Point3D)
BoxT = TypeVar("BoxT", Box, Box3D)


def centre_error_mm(*, reference: PointT, prediction: PointT, grid: Grid) -> float:
    """Measure how far a predicted centre lies from the reference's.

    Args:
        reference: The centre of the experts' mask, on a plane or in the volume.
        prediction: The same kind of point, on the same plane.
        grid: The grid that both are given in.

    Returns:
        Millimetres, ≥ 0. Points outside the grid are measured like any other.

    Raises:
        InvalidInputError: The points are of two kinds, or lie on two planes.
    """
    _check_comparable(reference, prediction)
    apart = np.subtract(_voxel(prediction), _voxel(reference))
    return float(np.linalg.norm(grid.affine[:3, :3] @ apart))


def hit(*, reference: BoolArray, prediction: Point | Point3D) -> bool:
    """Return whether the voxel that holds a predicted point is of the tumour.

    Args:
        reference: (I, J, K) bool, the experts' voxels.
        prediction: On a plane or in the volume; half-way between voxels it is in the higher one.

    Returns:
        False where the point lies outside the grid.
    """
    i, j, k = (floor(at + 0.5) for at in _voxel(prediction))
    inside = all(0 <= at < n for at, n in zip((i, j, k), reference.shape, strict=True))
    return inside and bool(reference[i, j, k])


def box_iou(*, reference: BoxT, prediction: BoxT) -> float:
    """Measure overlap of two boxes as their shared voxels over the voxels of either.

    Returns:
        In [0, 1]; 0.0 where they are apart or only touch.

    Raises:
        InvalidInputError: The boxes are of two kinds, or lie on two planes.
    """
    _check_comparable(reference, prediction)
    start = map(max, reference.start, prediction.start)
    stop = map(min, reference.stop, prediction.stop)
    shared = prod(max(0, hi - lo) for lo, hi in zip(start, stop, strict=True))
    return shared / (_voxels(reference) + _voxels(prediction) - shared)


def polygon_dice(*, reference: Polygon, prediction: Polygon) -> float:
    """Measure overlap of two polygons as twice the shared area over the area of both.

    Returns:
        In [0, 1]; 0.0 where they are apart or only touch. A polygon always has an area.

    Raises:
        InvalidInputError: The polygons lie on two planes.
    """
    _check_comparable(reference, prediction)
    one, other = shapely.Polygon(reference.vertices), shapely.Polygon(prediction.vertices)
    return float(2 * one.intersection(other).area / (one.area + other.area))


def _voxel(point: Point | Point3D) -> Voxel:
    if isinstance(point, Point3D):
        return point.at
    at = np.insert(np.asarray(point.at, dtype=np.float64), point.plane.axis, point.plane.index)
    return float(at[0]), float(at[1]), float(at[2])


def _voxels(box: Box | Box3D) -> int:
    return prod(hi - lo for lo, hi in zip(box.start, box.stop, strict=True))


def _check_comparable(reference: object, prediction: object) -> None:
    if type(reference) is not type(prediction):
        kinds = f"{type(reference).__name__} and {type(prediction).__name__}"
        raise InvalidInputError(f"{kinds} cannot be compared: wanted two of a kind")
    planes = [getattr(form, "plane", None) for form in (reference, prediction)]
    if planes[0] != planes[1]:
        raise InvalidInputError(f"reference is on {planes[0]}, prediction on {planes[1]}")
