"""Forest plots put marks where the numbers are."""

from __future__ import annotations

import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_report import COHORT, clever_backend, constant_backend, fake_report
from gliobench.adapters.html.charts import grading_forest, localisation_forest, scale
from gliobench.domain.geometry.grids import Axis, Plane, Point
from gliobench.domain.predictions.prediction import Form, GradePrediction, LocalisationPrediction
from gliobench.domain.studies.study import Grade


def test_balanced_accuracies_are_drawn_on_an_axis_from_nought_to_one_with_chance_in_the_middle() -> (
    None
):
    forest = grading_forest(fake_report())

    assert forest is not None
    assert forest.mark == 50.0
    assert [(bar.name, bar.at) for bar in forest.bars] == [("clever", 83.33), ("constant", 50.0)]
    assert all(bar.low <= bar.at <= bar.high for bar in forest.bars)


def test_medians_of_centre_errors_are_drawn_and_one_failure_does_not_move_them() -> None:
    forest = localisation_forest(fake_report())

    assert forest is not None
    assert [(bar.name, bar.value) for bar in forest.bars] == [
        ("clever", "0.0"),
        ("constant", "8.6"),
    ]
    assert forest.spread == "IQR"
    assert max(bar.high for bar in forest.bars) <= 100


def test_a_point_on_a_slice_is_ranked_by_its_place_in_the_volume() -> None:
    at_corner = LocalisationPrediction({Form.POINT: Point(Plane(Axis.AXIAL, 2), (0.0, 0.0))})
    planar = fake_backend(
        "planar", localizer=FakeLocalizer(lambda _: at_corner, forms=(Form.POINT,))
    )

    forest = localisation_forest(fake_report(clever_backend(), planar))

    assert forest is not None
    assert {bar.name for bar in forest.bars} == {"clever", "planar"}


def test_what_cannot_be_estimated_is_not_drawn() -> None:
    grader = fake_backend("g", classifier=FakeClassifier(lambda _: GradePrediction(Grade.HGG)))

    assert grading_forest(fake_report(constant_backend(), cases=COHORT[2:])) is None
    assert localisation_forest(fake_report(grader)) is None


@pytest.mark.parametrize("highest", [1e-9, 0.7, 3.0, 9.9, 10.0, 47.2, 373.13])
def test_an_axis_reaches_beyond_the_highest_value_in_few_round_steps(highest: float) -> None:
    step, top = scale(highest)

    assert top > highest
    assert 1 <= round(top / step) <= 10
