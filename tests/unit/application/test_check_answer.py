"""Whatever a backend answers: a wrong value fails its study, and says who gave it and what was wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_study_source import fake_case
from gliobench.application.predict.ask_backend import ask, ask_probabilities
from gliobench.domain.errors import BackendError
from gliobench.plugin import (
    Axis,
    Box,
    Box3D,
    Failure,
    FailureReason,
    Form,
    Grade,
    GradePrediction,
    LocalisationPrediction,
    Mask,
    Plane,
    Point,
    Point3D,
    Polygon,
    Reason,
    Region,
    Study,
)

STUDY = fake_case("s").study
"""Of 12 x 14 x 10 voxels."""
AXIAL = Plane(Axis.AXIAL, 3)


class Grades:
    def __init__(self, answer: Callable[[], Any]) -> None:
        self.answer = answer

    def classify(self, studies: list[Study]) -> Any:
        return [self.answer() for _ in studies]


class Places:
    def __init__(self, form: Form, answer: Callable[[], Any]) -> None:
        self.forms, self.answer = frozenset({form}), answer

    def localise(self, studies: list[Study], forms: frozenset[Form]) -> Any:
        (form,) = self.forms
        return [LocalisationPrediction({form: self.answer()}) for _ in studies]


def graded(answer: Callable[[], Any]) -> GradePrediction | Failure | None:
    ((grade, _),) = ask(fake_backend("mine", classifier=Grades(answer)), [STUDY])
    return grade


def placed(form: Form, answer: Callable[[], Any]) -> Any:
    ((_, place),) = ask(fake_backend("mine", localizer=Places(form, answer)), [STUDY])
    return place.answers[form] if isinstance(place, LocalisationPrediction) else place


def mask(shape: tuple[int, int, int] = STUDY.grid.shape, dtype: Any = bool, **grid: Any) -> Mask:
    return Mask(replace(STUDY.grid, shape=shape, **grid), {Region.WT: np.ones(shape, dtype)})


def of_tissues() -> Mask:
    oedema, core = (np.arange(12)[:, None, None] * np.ones(STUDY.grid.shape) == at for at in (3, 4))
    return Mask(STUDY.grid, {Region.WT: oedema, Region.TC: core})


def sticking_out() -> Mask:
    whole, core = np.zeros((2, *STUDY.grid.shape), dtype=bool)
    whole[3:6], core[5:8] = True, True
    return Mask(STUDY.grid, {Region.WT: whole, Region.TC: core})


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (lambda: "HGG", "grade 'HGG': wanted GradePrediction"),
        (lambda: GradePrediction("HGG", 0.9), "grade 'HGG': wanted Grade"),
        (lambda: GradePrediction(Grade.HGG, float("nan")), "outside [0, 1]"),
        (lambda: GradePrediction(Grade.HGG, 1.5), "outside [0, 1]"),
        (lambda: GradePrediction(Grade.HGG, True), "probability_hgg True: wanted a finite number"),
        (lambda: GradePrediction(Grade.HGG, "0.9"), "TypeError"),
        (lambda: GradePrediction(Grade.HGG, raw=3), "raw 3: wanted str"),
        (lambda: GradePrediction(Grade.HGG, reasons=["ET"]), "wanted tuple"),
        (lambda: GradePrediction(Grade.HGG, reasons=("ET",)), "reason 'ET': wanted Reason"),
        (lambda: GradePrediction(Grade.HGG, reasons=(Reason("et", 5, 0.1),)), "reason's text 5"),
        (lambda: Failure("no idea", "why"), "failure's reason 'no idea': wanted FailureReason"),
        (lambda: Failure(FailureReason.REFUSAL, None), "failure's detail None: wanted str"),
        (lambda: None, "grade None: wanted GradePrediction"),
    ],
)
def test_a_wrong_grade_fails_its_study(answer: Callable[[], Any], wanted: str) -> None:
    failure = graded(answer)

    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.BACKEND_ERROR
    assert failure.detail.startswith("backend mine ")
    assert wanted in failure.detail


@pytest.mark.parametrize(
    ("form", "answer", "wanted"),
    [
        (Form.MASK, lambda: "mask", "a str is no mask"),
        (Form.MASK, lambda: mask((12, 14, 11)), "shape (12, 14, 11), not (12, 14, 10)"),
        (Form.MASK, lambda: mask(affine=np.diag([1.0, 1, 2, 1])), "not the study's"),
        (Form.MASK, lambda: mask(dtype=np.uint8), "uint8"),
        (Form.MASK, lambda: replace(mask(), grid="RAS"), "'str' object"),
        (Form.MASK, of_tissues, "whose TC lies outside of its WT: wanted regions"),
        (Form.BOX_3D, lambda: Box3D((0, 0, 0), (13, 3, 3)), "reaches out of grid (12, 14, 10)"),
        (Form.BOX_3D, lambda: Box3D((0, 0, 0), (2.5, 3, 3)), "box's corner 2.5: wanted an integer"),
        (Form.BOX_3D, lambda: Box3D((0, 0), (3, 3)), "wanted 3 numbers"),
        (Form.BOX, lambda: Box(AXIAL, (0, 0), (3, 15)), "reaches out of grid (12, 14)"),
        (Form.BOX, lambda: Box(Plane(Axis.AXIAL, 10), (0, 0), (3, 3)), "wanted 0 to 9"),
        (Form.POINT, lambda: Point(Plane(2, 3), (1, 1)), "plane's axis 2: wanted Axis"),
        (Form.POINT, lambda: Point("axial", (1, 1)), "plane 'axial': wanted Plane"),
        (
            Form.POINT,
            lambda: Point(AXIAL, (5, 15.5)),
            "point (5.0, 15.5) far outside of grid (12, 14)",
        ),
        (Form.POINT_3D, lambda: Point3D((1, 2)), "wanted 3 numbers"),
        (Form.POINT_3D, lambda: Point3D((-2, 2, 2)), "point (-2.0, 2.0, 2.0) far outside of grid"),
        (Form.POLYGON, lambda: Polygon(Plane(Axis.AXIAL, 99), ((0, 0), (0, 5), (5, 0))), "to 9"),
    ],
)
def test_a_wrong_place_fails_its_study(form: Form, answer: Callable[[], Any], wanted: str) -> None:
    failure = placed(form, answer)

    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.BACKEND_ERROR
    assert failure.detail.startswith("backend mine ")
    assert wanted in failure.detail


@pytest.mark.parametrize(
    ("form", "answer"),
    [
        (Form.MASK, sticking_out),
        (Form.POINT_3D, lambda: Point3D((-0.9, 14.4, 5))),
        (Form.POINT, lambda: Point(AXIAL, (-0.5, 15))),
    ],
)
def test_an_answer_that_is_inexact_is_an_answer(form: Form, answer: Callable[[], Any]) -> None:
    assert not isinstance(placed(form, answer), Failure)


@pytest.mark.parametrize("answers", [None, 3, "HGG", [], {}, [GradePrediction(Grade.HGG)] * 2])
def test_another_number_of_answers_fails_every_study_asked_about(answers: Any) -> None:
    class Wrong:
        def classify(self, studies: list[Study]) -> Any:
            return answers

    for grade, _ in ask(
        fake_backend("mine", classifier=Wrong()), [STUDY, fake_case("t").study][:1]
    ):
        assert isinstance(grade, Failure)
        assert grade.detail.startswith("backend mine ")


@pytest.mark.parametrize("number", [np.float32(0.25), np.array(0.25)], ids=["scalar", "array"])
def test_answers_that_are_right_come_back_as_plain_numbers(number: Any) -> None:
    grade = graded(lambda: GradePrediction(Grade.LGG, number))
    box = placed(Form.BOX_3D, lambda: Box3D(tuple(np.arange(3)), tuple(np.arange(3) + 4)))

    assert grade == GradePrediction(Grade.LGG, 0.25)
    assert type(grade.probability_hgg) is float
    assert box == Box3D((0, 1, 2), (4, 5, 6))
    assert {type(one) for one in box.start} == {int}


def mapped(maps: Callable[[Study], Any]) -> Any:
    return ask_probabilities(replace(fake_backend("mine"), probability_maps=maps), STUDY)


@pytest.mark.parametrize(
    ("maps", "wanted"),
    [
        (
            lambda _: {Region.WT: np.full(STUDY.grid.shape, 90.0)},
            r"answers .* from 90 to 90: wanted",
        ),
        (lambda _: {Region.WT: np.full(STUDY.grid.shape, np.nan)}, r"wanted \[0, 1\]"),
        (lambda _: {Region.WT: np.ones(STUDY.grid.shape, bool)}, "as bool .*: wanted floats"),
        (lambda _: {Region.WT: np.ones((2, 3, 4))}, r"float64 \(2, 3, 4\): wanted floats"),
        (lambda _: {"WT": np.ones(STUDY.grid.shape)}, "'WT': wanted Region"),
        (lambda _: None, "None: wanted a mapping"),
        (lambda _: 1 / 0, "raises ZeroDivisionError"),
    ],
)
def test_wrong_probabilities_are_refused(maps: Callable[[Study], Any], wanted: str) -> None:
    with pytest.raises(BackendError, match=f"backend mine .*{wanted}"):
        mapped(maps)


def test_probabilities_of_voxels_are_of_one_type_and_within_bounds() -> None:
    found = mapped(lambda study: {Region.WT: np.full(study.grid.shape, 1 + 1e-7)})

    assert found[Region.WT].dtype == np.float32
    assert found[Region.WT].max() == 1


def test_an_exception_names_the_backend_and_its_kind() -> None:
    failure = graded(lambda: 1 / 0)

    assert isinstance(failure, Failure)
    assert failure.detail == "backend mine raises ZeroDivisionError: division by zero"
