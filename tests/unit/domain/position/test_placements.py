"""Marks on a plane of 2x1 mm pixels whose middle is voxel (20, 15)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_case_score import PLANE, fake_case_score, fake_target
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box, Point, Polygon
from gliobench.domain.position.placements import Marks, Placements
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form

REFUSAL = Failure(FailureReason.REFUSAL, "no")
ANSWERS = {
    Form.POINT: Point(PLANE, at=(21.0, 12.0)),
    Form.BOX: Box(PLANE, start=(20, 15), stop=(24, 16)),
    Form.POLYGON: Polygon(PLANE, vertices=((20.0, 15.0), (23.0, 15.0), (20.0, 18.0))),
}
CASES = [fake_case_score("s1", answers=ANSWERS, target=fake_target((22, 15), (25, 16)))]


def test_a_point_is_a_place_without_an_area() -> None:
    points = Placements.of(CASES, Form.POINT)

    assert points.predicted.centres_mm.tolist() == [[2.0, -3.0]]
    assert points.reference.centres_mm.tolist() == [[6.0, 0.0]]
    assert points.predicted.areas_mm2 is points.reference.areas_mm2 is None
    assert points.predicted.corners_mm is None
    assert (points.study_ids, points.patients) == (("s1",), ("patient of s1",))


def test_a_box_has_a_middle_an_area_and_corners() -> None:
    boxes = Placements.of(CASES, Form.BOX)

    assert boxes.predicted.centres_mm.tolist() == [[3.0, 0.0]]
    assert boxes.predicted.areas_mm2 == pytest.approx([8.0])
    assert boxes.predicted.corners_mm == pytest.approx(np.array([[-1.0, -0.5, 7.0, 0.5]]))
    assert boxes.reference.areas_mm2 == pytest.approx([6.0])


def test_a_polygon_has_a_centroid_and_an_area() -> None:
    polygons = Placements.of(CASES, Form.POLYGON)

    assert polygons.predicted.centres_mm == pytest.approx(np.array([[2.0, 1.0]]))
    assert polygons.predicted.areas_mm2 == pytest.approx([9.0])
    assert polygons.reference.centres_mm == pytest.approx(np.array([[6.0, 0.0]]))


def test_a_failure_and_a_study_without_a_grid_are_unanswered() -> None:
    failed = fake_case_score("s2", answers={Form.POINT: REFUSAL}, target=fake_target())
    without_grid = replace(failed, study_id="s3", target=None)
    without_tumour = replace(without_grid, study_id="s4", plane=None)
    not_asked = fake_case_score("s5", target=fake_target())

    points = Placements.of([*CASES, failed, without_grid, without_tumour, not_asked], Form.POINT)

    assert (points.n, points.n_unanswered) == (1, 2)


def test_the_brains_centroid_is_projected_where_it_is_known() -> None:
    unknown = fake_case_score("s2", answers=ANSWERS, target=fake_target(brain=None))

    brain_mm = Placements.of([*CASES, unknown], Form.POINT).brain_mm

    assert brain_mm[0].tolist() == [0.0, 0.0]
    assert np.isnan(brain_mm[1]).all()


def test_studies_are_taken_in_the_order_asked_for() -> None:
    cases = [replace(CASES[0], study_id=f"s{number}") for number in range(3)]

    taken = Placements.of(cases, Form.BOX).take([2, 0])

    assert taken.study_ids == ("s2", "s0")
    assert taken.predicted.corners_mm is not None
    assert taken.predicted.corners_mm.shape == (2, 4)


def test_nobody_answered_is_no_placement() -> None:
    assert Placements.of([], Form.BOX).n == 0


def test_a_form_in_the_volume_has_no_place_on_a_plane() -> None:
    with pytest.raises(InvalidInputError, match="plane"):
        Placements.of(CASES, Form.MASK)


def test_marks_of_different_numbers_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="areas_mm2"):
        Marks(np.zeros((3, 2)), areas_mm2=np.zeros(2))
    with pytest.raises(InvalidInputError, match="finite"):
        Marks(np.full((3, 2), np.nan))
