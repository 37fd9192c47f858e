import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.metrics.localisation import (
    box_iou,
    centre_error_mm,
    hit,
    polygon_dice,
)

AXIAL_2 = Plane(axis=Axis.AXIAL, index=2)
CORONAL_2 = Plane(axis=Axis.CORONAL, index=2)
GRID = Grid(shape=(4, 5, 6), affine=np.diag([1.0, 2.0, 3.0, 1.0]))
TUMOUR = np.zeros(GRID.shape, dtype=bool)
TUMOUR[1, 2, 3] = TUMOUR[3, 4, 5] = True


@st.composite
def boxes(draw: st.DrawFn) -> Box3D:
    ranges = [sorted(draw(st.tuples(st.integers(0, 5), st.integers(6, 9)))) for _ in range(3)]
    (i, i_stop), (j, j_stop), (k, k_stop) = ranges
    return Box3D(start=(i, j, k), stop=(i_stop, j_stop, k_stop))


def rectangle(first: float, second: float, *, plane: Plane = AXIAL_2) -> Polygon:
    corners = ((0.0, 0.0), (first, 0.0), (first, second), (0.0, second))
    return Polygon(plane=plane, vertices=corners)


def test_the_error_in_the_volume_is_in_millimetres() -> None:
    error = centre_error_mm(
        reference=Point3D(at=(0, 0, 0)), prediction=Point3D(at=(2, 3, 1)), grid=GRID
    )

    assert error == 7.0  # of 2, 6 and 3 mm


@pytest.mark.parametrize(
    ("axis", "error_mm"), [(Axis.AXIAL, 5.0), (Axis.CORONAL, 73**0.5), (Axis.SAGITTAL, 12.0)]
)
def test_the_error_on_a_plane_uses_the_spacing_of_that_plane(axis: Axis, error_mm: float) -> None:
    plane = Plane(axis=axis, index=2)
    steps = {Axis.AXIAL: (3.0, 2.0), Axis.CORONAL: (8.0, 1.0), Axis.SAGITTAL: (6.0, 0.0)}[axis]

    error = centre_error_mm(
        reference=Point(plane=plane, at=(1.0, 1.0)),
        prediction=Point(plane=plane, at=(1.0 + steps[0], 1.0 + steps[1])),
        grid=GRID,
    )

    assert error == pytest.approx(error_mm)


def test_the_error_follows_a_sheared_grid() -> None:
    affine = np.eye(4)
    affine[0, 1] = 1.0
    sheared = Grid(shape=(4, 5, 6), affine=affine)

    error = centre_error_mm(
        reference=Point3D(at=(0, 0, 0)), prediction=Point3D(at=(-1, 1, 0)), grid=sheared
    )

    assert error == 1.0


def test_points_on_two_planes_cannot_be_compared() -> None:
    one, other = Point(plane=AXIAL_2, at=(0, 0)), Point(plane=CORONAL_2, at=(0, 0))

    with pytest.raises(InvalidInputError, match="reference is on"):
        centre_error_mm(reference=one, prediction=other, grid=GRID)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ((1.0, 2.0, 3.0), True),
        ((0.5, 1.5, 2.5), True),
        ((1.49, 2.49, 3.49), True),
        ((1.5, 2.0, 3.0), False),
        ((1.0, 1.49, 3.0), False),
    ],
)
def test_a_voxel_reaches_from_half_before_its_centre_to_less_than_half_behind(
    at: tuple[float, float, float], expected: bool
) -> None:
    assert hit(reference=TUMOUR, prediction=Point3D(at=at)) is expected


@pytest.mark.parametrize("at", [(-0.51, 0, 0), (0, 4.5, 0), (0, 0, 99), (-1, -1, -1)])
def test_a_point_outside_the_grid_is_a_miss(at: tuple[float, float, float]) -> None:
    assert not hit(reference=np.ones(GRID.shape, dtype=bool), prediction=Point3D(at=at))


@pytest.mark.parametrize(
    ("axis", "index", "at"),
    [(Axis.SAGITTAL, 1, (2.0, 3.0)), (Axis.CORONAL, 2, (1.0, 3.0)), (Axis.AXIAL, 3, (1.0, 2.0))],
)
def test_a_point_on_a_plane_hits_the_voxel_that_it_lies_in(
    axis: Axis, index: int, at: tuple[float, float]
) -> None:
    assert hit(reference=TUMOUR, prediction=Point(plane=Plane(axis=axis, index=index), at=at))
    assert not hit(reference=TUMOUR, prediction=Point(plane=Plane(axis=axis, index=0), at=at))


def test_overlap_of_boxes_worked_out_by_hand() -> None:
    one = Box(plane=AXIAL_2, start=(0, 0), stop=(4, 4))
    other = Box(plane=AXIAL_2, start=(2, 2), stop=(6, 4))

    assert box_iou(reference=one, prediction=other) == 4 / (16 + 8 - 4)


def test_boxes_that_only_touch_do_not_overlap() -> None:
    one, other = Box3D((0, 0, 0), (2, 2, 2)), Box3D((2, 0, 0), (4, 2, 2))

    assert box_iou(reference=one, prediction=other) == 0.0


@given(boxes(), boxes())
def test_overlap_of_boxes_is_that_of_the_voxels_in_them(one: Box3D, other: Box3D) -> None:
    masks = []
    for box in (one, other):
        mask = np.zeros((9, 9, 9), dtype=bool)
        mask[tuple(slice(lo, hi) for lo, hi in zip(box.start, box.stop, strict=True))] = True
        masks.append(mask)

    overlap = box_iou(reference=one, prediction=other)

    assert overlap == (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum()
    assert overlap == box_iou(reference=other, prediction=one)


def test_boxes_on_two_planes_cannot_be_compared() -> None:
    one = Box(plane=AXIAL_2, start=(0, 0), stop=(4, 4))
    other = Box(plane=Plane(axis=Axis.AXIAL, index=3), start=(0, 0), stop=(4, 4))

    with pytest.raises(InvalidInputError, match="reference is on"):
        box_iou(reference=one, prediction=other)


def test_a_box_on_a_plane_cannot_be_compared_with_one_in_the_volume() -> None:
    flat = Box(plane=AXIAL_2, start=(0, 0), stop=(4, 4))
    solid = Box3D(start=(0, 0, 0), stop=(4, 4, 4))

    with pytest.raises(InvalidInputError, match="Box and Box3D cannot be compared"):
        box_iou(reference=flat, prediction=solid)  # type: ignore[type-var]  # mypy sees it too


def test_overlap_of_polygons_worked_out_by_hand() -> None:
    half = Polygon(plane=AXIAL_2, vertices=((0.0, 0.0), (2.0, 0.0), (0.0, 2.0)))

    assert polygon_dice(reference=rectangle(2, 2), prediction=half) == 2 * 2 / (4 + 2)
    assert polygon_dice(reference=half, prediction=half) == 1.0


def test_polygons_that_lie_apart_do_not_overlap() -> None:
    away = Polygon(plane=AXIAL_2, vertices=((5.0, 5.0), (6.0, 5.0), (6.0, 6.0)))

    assert polygon_dice(reference=rectangle(2, 2), prediction=away) == 0.0


def test_polygons_on_two_planes_cannot_be_compared() -> None:
    with pytest.raises(InvalidInputError, match="reference is on"):
        polygon_dice(reference=rectangle(2, 2), prediction=rectangle(2, 2, plane=CORONAL_2))
