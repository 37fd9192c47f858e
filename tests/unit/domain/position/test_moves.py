from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.controls.motion import Motion
from gliobench.domain.controls.moves import Move, moves
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
)

GRID = Grid(shape=(10, 8, 4), affine=np.diag([2.0, 1.0, 3.0, 1.0]))
PLANE = Plane(Axis.AXIAL, 1)
SHIFT = Motion(steps=(3, -4))  # 6 mm to the right and 4 mm to the back: 7.211 mm
SHIFT_MM = np.hypot(6.0, 4.0)
MIRROR = Motion(mirrored=True)


def said(form: Form, answer: Localisation) -> LocalisationPrediction:
    return LocalisationPrediction({form: answer})


def held(
    form: Form, before: Localisation, after: Localisation, motion: Motion = SHIFT
) -> dict[Form, Move]:
    return moves(said(form, before), said(form, after), motion=motion, grid=GRID, plane=PLANE)


def mask(start: tuple[int, int, int], stop: tuple[int, int, int]) -> Mask:
    voxels = np.zeros(GRID.shape, dtype=bool)
    voxels[tuple(map(slice, start, stop))] = True
    return Mask(GRID, {Region.WT: voxels})


def test_a_point_that_goes_along_is_off_by_nothing() -> None:
    found = held(Form.POINT_3D, Point3D((2.0, 6.0, 1.5)), Point3D((5.0, 2.0, 1.5)))

    assert found[Form.POINT_3D] == Move(apart_mm=0.0, unmoved_mm=SHIFT_MM)
    assert found[Form.POINT].apart_mm == 0.0


def test_a_point_that_stays_is_off_by_the_whole_shift() -> None:
    found = held(Form.POINT, Point(PLANE, (2.0, 6.0)), Point(PLANE, (2.0, 6.0)))

    assert found[Form.POINT] == Move(apart_mm=SHIFT_MM, unmoved_mm=SHIFT_MM)
    assert set(found) == {Form.POINT, Form.POINT_3D}


def test_a_point_in_the_middle_is_neither_right_nor_wrong_under_the_mirror() -> None:
    middle = Point(PLANE, (4.5, 3.0))

    assert held(Form.POINT, middle, middle, MIRROR)[Form.POINT] == Move(0.0, 0.0)


def test_a_point_that_ignores_the_mirror_is_off_by_twice_its_distance_from_it() -> None:
    aside = Point(PLANE, (6.0, 3.0))  # 1.5 voxels of 2 mm beside the middle

    assert held(Form.POINT, aside, aside, MIRROR)[Form.POINT] == Move(6.0, 6.0)


def test_a_box_that_mirrors_overlaps_whole_and_one_that_stays_does_not() -> None:
    before, mirrored = Box(PLANE, (0, 2), (2, 5)), Box(PLANE, (8, 2), (10, 5))

    assert held(Form.BOX, before, mirrored, MIRROR)[Form.BOX] == Move(0.0, 16.0, overlap=1.0)
    assert held(Form.BOX, before, before, MIRROR)[Form.BOX] == Move(16.0, 16.0, overlap=0.0)


def test_a_box_may_be_brought_back_to_beyond_the_field() -> None:
    stays = Box3D((0, 4, 0), (4, 8, 2))  # 4 by 4 by 2 voxels; brought back, 3 voxels lower

    found = held(Form.BOX_3D, stays, stays, Motion(steps=(3, 0)))[Form.BOX_3D]

    assert found == Move(6.0, 6.0, overlap=8 / 56)


def test_polygons_and_masks_are_held_against_each_other_by_dice() -> None:
    square = ((1.0, 5.0), (3.0, 5.0), (3.0, 7.0), (1.0, 7.0))
    along = tuple((i + 3, j - 4) for i, j in square)
    half = tuple((i + 4, j - 4) for i, j in square)

    polygons = [
        held(Form.POLYGON, Polygon(PLANE, square), Polygon(PLANE, one))[Form.POLYGON]
        for one in (along, half)
    ]
    found = held(Form.MASK, mask((1, 4, 0), (4, 7, 2)), mask((4, 0, 0), (7, 3, 2)))

    assert [one.overlap for one in polygons] == [1.0, 0.5]
    assert [one.apart_mm for one in polygons] == [0.0, 2.0]
    assert found[Form.MASK] == Move(0.0, SHIFT_MM, overlap=1.0)
    assert set(found) == set(Form)


def test_without_a_motion_the_change_itself_is_measured() -> None:
    found = held(Form.POINT, Point(PLANE, (1.0, 1.0)), Point(PLANE, (1.0, 4.0)), Motion())

    assert found[Form.POINT] == Move(apart_mm=3.0, unmoved_mm=0.0)


def test_a_failure_on_either_image_leaves_nothing_to_hold() -> None:
    there = said(Form.POINT, Point(PLANE, (1.0, 1.0)))
    failed = Failure(FailureReason.NO_TUMOUR_FOUND, "nothing")
    partly = LocalisationPrediction({Form.POINT: failed})

    for before, after in ((there, failed), (failed, there), (there, partly), (None, None)):
        assert not moves(before, after, motion=SHIFT, grid=GRID, plane=PLANE)


def test_without_a_scoring_plane_answers_are_held_in_the_volume() -> None:
    there = said(Form.MASK, mask((1, 4, 0), (4, 7, 2)))

    found = moves(there, there, motion=Motion(), grid=GRID, plane=None)

    assert set(found) == {Form.MASK, Form.POINT_3D, Form.BOX_3D}


def test_a_move_of_no_finite_length_cannot_be_made() -> None:
    with pytest.raises(InvalidInputError, match="move of nan mm"):
        Move(float("nan"), 0.0)
