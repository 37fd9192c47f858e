"""Measured and expected movement of answers on altered images."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np
import shapely

from gliobench.domain.controls.motion import Motion
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Box,
    Box3D,
    FloatArray,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.metrics.localisation import polygon_dice
from gliobench.domain.metrics.segmentation import dice
from gliobench.domain.predictions.forms import in_volume, on_plane, point_in_volume
from gliobench.domain.predictions.prediction import (
    Failure,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
    NoTumour,
    is_none,
)


@dataclass(frozen=True, slots=True)
class Move:
    """An answer on an altered image, moved back and compared with that on the true image.

    Args:
        apart_mm: Distance between the centres of both answers: the equivariance error where the
            image was moved, otherwise the change.
        unmoved_mm: `apart_mm` of an answer that does not move; 0.0 where the image was not moved.
        overlap: IoU of boxes, Dice of polygons and masks, in [0, 1]; None for points.

    Raises:
        InvalidInputError: A distance is negative or not finite.
    """

    apart_mm: float
    unmoved_mm: float
    overlap: float | None = None

    def __post_init__(self) -> None:
        if not all(0 <= mm < np.inf for mm in (self.apart_mm, self.unmoved_mm)):
            raise InvalidInputError(f"a move of {self.apart_mm} mm, {self.unmoved_mm} mm unmoved")


def moves(
    before: LocalisationPrediction | Failure | None,
    after: LocalisationPrediction | Failure | None,
    *,
    motion: Motion,
    grid: Grid,
    plane: Plane | None,
) -> dict[Form, Move]:
    """Compare one study's answers on two images, in every form.

    Args:
        before: On the true image.
        after: On the altered image, which has the same grid.
        motion: The motion of the image; none where it was altered in another way.
        grid: The study's grid.
        plane: The scoring plane, which a motion does not change; None where there is none: then only
            answers in the volume are compared.

    Returns:
        By form, without forms that failed or found no tumour on either image.

    Raises:
        InvalidInputError: The plane lies outside the grid, or a mask is on another grid.
    """
    if not isinstance(before, LocalisationPrediction) or not isinstance(
        after, LocalisationPrediction
    ):
        return {}
    first, second = (_in_every_form(item, grid, plane) for item in (before, after))
    return {
        form: _move(first[form], second[form], motion.inverse, grid)
        for form in first
        if form in second
    }


def _in_every_form(
    prediction: LocalisationPrediction, grid: Grid, plane: Plane | None
) -> Mapping[Form, Localisation]:
    found = in_volume(prediction)
    if plane is not None:
        found |= on_plane(prediction, plane, grid)
    return {
        form: item
        for form, item in found.items()
        if not isinstance(item, Failure | NoTumour) and not is_none(item)
    }


def _move(before: Localisation, after: Localisation, back: Motion, grid: Grid) -> Move:
    there = np.array([_centre(before), _centre(after)])
    stayed, returned = back.of_places(there, grid) - there[0]
    to_mm = grid.affine[:3, :3]
    return Move(
        apart_mm=float(np.linalg.norm(to_mm @ returned)),
        unmoved_mm=float(np.linalg.norm(to_mm @ stayed)),
        overlap=_overlap(before, after, back, grid),
    )


def _centre(answer: Localisation) -> tuple[float, float, float]:
    match answer:
        case Mask():
            return point_in_volume(answer.whole).at
        case Polygon(plane=plane, vertices=vertices):
            middle = shapely.Polygon(vertices).centroid
            return Point(plane, (float(middle.x), float(middle.y))).in_volume.at
        case Box():
            return answer.in_volume.centre.at
        case Box3D():
            return answer.centre.at
        case Point():
            return answer.in_volume.at
        case Point3D():
            return answer.at


def _overlap(before: Localisation, after: Localisation, back: Motion, grid: Grid) -> float | None:
    match before, after:
        case Mask(), Mask():
            return dice(reference=before.whole, prediction=back.of_array(after.whole))
        case Polygon(), Polygon():
            places = np.array([Point(after.plane, at).in_volume.at for at in after.vertices])
            at = back.of_places(places, grid)[:, list(after.plane.in_plane_axes)]
            returned = Polygon(after.plane, tuple((float(x), float(y)) for x, y in at))
            return polygon_dice(reference=before, prediction=returned)
        case (Box() | Box3D()) as one, (Box() | Box3D()) as other:
            return _iou(_corners(one), np.sort(back.of_places(_corners(other), grid), axis=0))
    return None


def _corners(box: Box | Box3D) -> FloatArray:
    """Return a box's outermost edges, (2, 3) continuous voxel coordinates, the lower ones first."""
    cube = box.in_volume if isinstance(box, Box) else box
    return np.array([cube.start, cube.stop]) - 0.5


def _iou(one: FloatArray, other: FloatArray) -> float:
    """Measure the overlap of boxes, which may extend beyond the field."""
    shared = np.minimum(one[1], other[1]) - np.maximum(one[0], other[0])
    both = prod(np.clip(shared, 0.0, None))
    return float(both / (prod(one[1] - one[0]) + prod(other[1] - other[0]) - both))
