"""A localisation as the numbers of a column, and back."""

from __future__ import annotations

from collections.abc import Sequence

from gliobench.domain.evaluation.scores import Place
from gliobench.domain.geometry.grids import Box, Box3D, Plane, Point, Point3D, Polygon
from gliobench.domain.predictions.prediction import Form


def numbers_of(place: Place) -> list[float]:
    """List a point's voxel coordinates, a box's start and stop, or a polygon's vertices."""
    match place:
        case Point(at=at) | Point3D(at=at):
            return [*at]
        case Box(start=start, stop=stop) | Box3D(start=start, stop=stop):
            return [*start, *stop]
        case Polygon(vertices=vertices):
            return [at for vertex in vertices for at in vertex]


def place_of(form: Form, numbers: Sequence[float], plane: Plane | None) -> Place:
    """Read a localisation back.

    Args:
        form: Any but a mask.
        numbers: As `numbers_of` listed them.
        plane: Where a point, a box or a polygon lies.

    Raises:
        ValueError: There are too many or too few numbers, or the plane is wanted and not there.
    """
    match form:
        case Form.POINT_3D:
            i, j, k = numbers
            return Point3D(at=(i, j, k))
        case Form.BOX_3D:
            i0, j0, k0, i1, j1, k1 = map(int, numbers)
            return Box3D(start=(i0, j0, k0), stop=(i1, j1, k1))
    if plane is None:
        raise ValueError(f"a {form.value} needs a plane")
    match form:
        case Form.POINT:
            first, second = numbers
            return Point(plane, at=(first, second))
        case Form.BOX:
            i0, j0, i1, j1 = map(int, numbers)
            return Box(plane, start=(i0, j0), stop=(i1, j1))
        case Form.POLYGON:
            vertices = tuple(zip(numbers[::2], numbers[1::2], strict=True))
            return Polygon(plane, vertices=vertices)
    raise ValueError(f"a {form.value} is more than a few numbers")
