"""Conversion of localisations between forms: mask to point, box or polygon; volume to plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
    extent,
)
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
    is_none,
)


def point_in_volume(region: BoolArray) -> Point3D:
    """Return the centre of a region: the centroid of its voxels.

    Args:
        region: (I, J, K) bool.

    Raises:
        InvalidInputError: The region is empty.
    """
    i, j, k = _centroid(region)
    return Point3D(at=(i, j, k))


def box_in_volume(region: BoolArray) -> Box3D:
    """Return the smallest box that holds a region.

    Args:
        region: (I, J, K) bool.

    Raises:
        InvalidInputError: The region is empty.
    """
    i, j, k = extent(region)
    return Box3D(start=(i.start, j.start, k.start), stop=(i.stop, j.stop, k.stop))


def largest_plane(region: BoolArray, axis: Axis) -> Plane:
    """Find the plane that cuts most voxels of a region; of equals, the lowest index.

    Chosen on a reference it is an oracle's plane, which a deployed model would not know.

    Args:
        region: (I, J, K) bool.
        axis: What the plane is perpendicular to.

    Raises:
        InvalidInputError: The region is empty.
    """
    if not region.any():
        raise InvalidInputError(f"region of shape {region.shape} holds no voxel")
    return Plane(axis=axis, index=int(_profile(region, axis).argmax()))


def point_on_plane(region: BoolArray, plane: Plane) -> Point | None:
    """Return the centroid of a region's voxels on a plane, or None where there are none.

    Args:
        region: (I, J, K) bool.
        plane: The plane to look at.

    Raises:
        InvalidInputError: The plane lies outside the array.
    """
    pixels = plane.cut(region)
    if not pixels.any():
        return None
    first, second = _centroid(pixels)
    return Point(plane=plane, at=(first, second))


def box_on_plane(region: BoolArray, plane: Plane) -> Box | None:
    """Return the smallest box that holds a region's voxels on a plane, or None without any.

    Args:
        region: (I, J, K) bool.
        plane: The plane to look at.

    Raises:
        InvalidInputError: The plane lies outside the array.
    """
    pixels = plane.cut(region)
    if not pixels.any():
        return None
    first, second = extent(pixels)
    return Box(plane=plane, start=(first.start, second.start), stop=(first.stop, second.stop))


def polygon_on_plane(region: BoolArray, plane: Plane) -> Polygon | None:
    """Outline a region on a plane, or give None where it has no voxel there.

    The outline runs along pixel edges, half a voxel beyond the outermost centres. Of pixels that
    hang together by their edges only the largest group counts (of equals, the one that begins
    lowest), and its holes are filled: a polygon has one part.

    Args:
        region: (I, J, K) bool.
        plane: The plane to look at.

    Raises:
        InvalidInputError: The plane lies outside the array.
    """
    low = np.argwhere(plane.cut(region)) - 0.5
    if not low.size:
        return None
    pixels = shapely.box(low[:, 0], low[:, 1], low[:, 0] + 1, low[:, 1] + 1)
    groups = shapely.get_parts(shapely.coverage_union_all(pixels))
    largest = max(groups, key=lambda group: (group.area, *(-at for at in group.bounds[:2])))
    corners = shapely.simplify(shapely.Polygon(largest.exterior), 0.0)
    outline = shapely.simplify(corners, 0.0)  # its first vertex goes in a second step
    vertices = tuple((float(x), float(y)) for x, y in outline.exterior.coords[:-1])
    return Polygon(plane=plane, vertices=vertices)


def polygon_in_volume(polygon: Polygon, grid: Grid) -> BoolArray:
    """Return the voxels of a polygon's plane whose centres lie inside it or on its border.

    Args:
        polygon: It may reach out of the grid, and may be too small to hold any centre.
        grid: The study's grid.

    Returns:
        (I, J, K) bool.

    Raises:
        InvalidInputError: The plane lies outside the grid.
    """
    voxels = np.zeros(grid.shape, dtype=bool)
    pixels = polygon.plane.cut(voxels)
    first, second = np.indices(pixels.shape)
    pixels[...] = shapely.intersects_xy(shapely.Polygon(polygon.vertices), first, second)
    return voxels


def on_plane(
    prediction: LocalisationPrediction, plane: Plane, grid: Grid
) -> dict[Form, Localisation | NoTumour | Failure]:
    """Convert a prediction to the forms on a plane, so that all backends answer the same question.

    Each form is taken from the first of these that was answered: the form itself, the mask, the
    point in the volume (projected), the box in the volume (its cut, or the middle of that). An
    answer on a parallel plane is projected too: a backend that is shown one slice answers where
    in it, and the distance between the slices counts in the volume (`in_volume`), not here.

    Args:
        prediction: Answers in any forms, on `grid`.
        plane: The plane to look at.
        grid: The study's grid.

    Returns:
        Point, box and polygon, as far as something was answered that yields them. A failed
        answer is that failure, and no tumour in the volume is none on the plane; an answer that
        misses the plane, by lying across it or by not reaching it, is the failure `off_plane`.

    Raises:
        InvalidInputError: The plane lies outside the grid, or a mask is on another grid.
    """
    if plane.index >= grid.shape[plane.axis]:
        raise InvalidInputError(f"{plane} lies outside a grid of {grid.shape}")
    mask = prediction.answers.get(Form.MASK)
    if isinstance(mask, Mask) and (difference := grid.difference(mask.grid)):
        raise InvalidInputError(f"mask on a grid that is not the study's: {difference}")
    found: dict[Form, Localisation | NoTumour | Failure] = {}
    for form, source in _first_answered(prediction, _SOURCES_ON_PLANE):
        answer = prediction.answers[source]
        if isinstance(answer, Failure | NoTumour):
            found[form] = answer
        elif is_none(answer):
            found[form] = NO_TUMOUR
        else:
            where = f"{plane.axis.name.lower()} plane {plane.index}"
            missed = Failure(FailureReason.OFF_PLANE, f"{source.value} is not on {where}")
            found[form] = _cut(answer, form, plane) or missed
    return found


def in_volume(prediction: LocalisationPrediction) -> dict[Form, Localisation | NoTumour | Failure]:
    """Convert a prediction to the forms in the volume.

    Each form is taken from the first of these that was answered: the form itself, the mask, the
    box (for its centre), the point on a plane. A box or a polygon on a plane yields nothing.

    Args:
        prediction: Answers in any forms.

    Returns:
        Point, box and mask, as far as something was answered that yields them. A failed answer
        is that failure, and a mask without a voxel yields `NO_TUMOUR` for point and box.
    """
    found: dict[Form, Localisation | NoTumour | Failure] = {}
    for form, source in _first_answered(prediction, _SOURCES_IN_VOLUME):
        answer = prediction.answers[source]
        found[form] = answer if isinstance(answer, Failure | NoTumour) else _condense(answer, form)
    return found


_SOURCES_ON_PLANE: Mapping[Form, tuple[Form, ...]] = {
    Form.POINT: (Form.POINT, Form.MASK, Form.POINT_3D, Form.BOX_3D),
    Form.BOX: (Form.BOX, Form.MASK, Form.BOX_3D),
    Form.POLYGON: (Form.POLYGON, Form.MASK),
}
_SOURCES_IN_VOLUME: Mapping[Form, tuple[Form, ...]] = {
    Form.POINT_3D: (Form.POINT_3D, Form.MASK, Form.BOX_3D, Form.POINT),
    Form.BOX_3D: (Form.BOX_3D, Form.MASK),
    Form.MASK: (Form.MASK,),
}


def _first_answered(
    prediction: LocalisationPrediction, sources: Mapping[Form, tuple[Form, ...]]
) -> Iterator[tuple[Form, Form]]:
    """Pair each form with the first of its sources that the prediction holds, if any."""
    for form, candidates in sources.items():
        for source in candidates:
            if source in prediction.answers:
                yield form, source
                break


def _cut(answer: Localisation, form: Form, plane: Plane) -> Point | Box | Polygon | None:
    first, second = plane.in_plane_axes
    match answer:
        case Mask():
            return _OF_REGION[form](answer.whole, plane)
        case Point3D(at=at):
            return Point(plane=plane, at=(at[first], at[second]))
        case Box3D(start=start, stop=stop):
            if not start[plane.axis] <= plane.index < stop[plane.axis]:
                return None
            if form is Form.POINT:
                centre = answer.centre.at
                return Point(plane=plane, at=(centre[first], centre[second]))
            return Box(
                plane=plane, start=(start[first], start[second]), stop=(stop[first], stop[second])
            )
        case Point() | Box() | Polygon():
            return replace(answer, plane=plane) if answer.plane.axis == plane.axis else None


_OF_REGION: Mapping[Form, Callable[[BoolArray, Plane], Point | Box | Polygon | None]] = {
    Form.POINT: point_on_plane,
    Form.BOX: box_on_plane,
    Form.POLYGON: polygon_on_plane,
}


def _condense(answer: Localisation, form: Form) -> Localisation | NoTumour:
    if isinstance(answer, Mask) and form is not Form.MASK:
        if answer.is_empty:
            return NO_TUMOUR
        return (point_in_volume if form is Form.POINT_3D else box_in_volume)(answer.whole)
    if isinstance(answer, Box3D) and form is Form.POINT_3D:
        return answer.centre
    if isinstance(answer, Point):
        return answer.in_volume
    return answer


def _centroid(region: BoolArray) -> tuple[float, ...]:
    """Average the coordinates of the True elements, axis by axis and within their extent."""
    block = extent(region)
    crop = region[block]
    return tuple(
        float(np.average(np.arange(span.start, span.stop), weights=_profile(crop, axis)))
        for axis, span in enumerate(block)
    )


def _profile(region: BoolArray, axis: int) -> NDArray[np.int64]:
    """Count the True elements in each layer across an axis."""
    others = tuple(other for other in range(region.ndim) if other != axis)
    counts: NDArray[np.int64] = region.sum(axis=others, dtype=np.int64)
    return counts
