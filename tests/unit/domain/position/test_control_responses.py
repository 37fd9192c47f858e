from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fakes.fake_case_score import PLANE, fake_case_score, fake_target
from fakes.form_scores import point_score
from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.moves import Move
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.geometry.grids import Point
from gliobench.domain.position.control_responses import (
    NO_ANSWER,
    NO_PROBABILITY,
    NO_SCORE,
    ON_THE_MIRROR,
    Response,
    response,
)
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.statistics.estimate import Estimate, Interval
from gliobench.domain.studies.study import Grade, Modality

NOTHING = Failure(FailureReason.NO_TUMOUR_FOUND, "nothing")
TARGET = fake_target()


def case(
    number: int,
    *,
    error_mm: float | None = 5.0,
    grade: GradePrediction | Failure | None = None,
    move: Move | None = None,
    reference: Grade | None = Grade.HGG,
) -> CaseScore:
    """Make a study's scores; without an error its point failed."""
    scored = fake_case_score(f"s{number}", grade=grade, target=TARGET, reference=reference)
    outcome = (
        FormOutcome(point_score(373.13, hit=False), NOTHING)
        if error_mm is None
        else FormOutcome(point_score(error_mm, hit=False), answer=Point(PLANE, (1.0, 1.0)))
    )
    found = {Form.POINT: move} if move else {}
    return replace(scored, localisation={Form.POINT: outcome}, moves=found)


def respond(control: Control, true: Sequence[CaseScore], altered: Sequence[CaseScore]) -> Response:
    return response(control, true=true, altered=altered, replicates=200)


def value(measured: object) -> float:
    assert isinstance(measured, Estimate)
    return measured.value


def graded(number: int, probability: float) -> CaseScore:
    grade = Grade.HGG if probability >= 0.5 else Grade.LGG
    return case(number, grade=GradePrediction(grade, probability))


def test_who_goes_along_follows_and_who_stays_does_not() -> None:
    true = [case(number) for number in range(4)]
    along = [case(number, move=Move(0.0, 20.0)) for number in range(4)]
    stays = [case(number, move=Move(20.0, 20.0)) for number in range(4)]

    one, other = (
        respond(Control.SHIFTED, true, altered).place(Form.POINT) for altered in (along, stays)
    )

    assert one is not None
    assert other is not None
    assert (value(one.apart_mm), value(one.follows)) == (0.0, 1.0)
    assert (value(other.apart_mm), value(other.follows)) == (20.0, 0.0)
    assert value(other.unmoved_mm) == 20.0
    assert one.overlap is None


def test_the_share_followed_is_of_means_with_an_interval_over_patients() -> None:
    true = [case(number) for number in range(8)]
    altered = [case(number, move=Move(float(number), 14.0)) for number in range(8)]

    place = respond(Control.SHIFTED, true, altered).place(Form.POINT)

    assert place is not None
    assert value(place.follows) == pytest.approx(1 - 3.5 / 14)
    assert isinstance(place.follows, Estimate)
    spread = place.follows.interval
    assert isinstance(spread, Interval)
    assert 0.5 < spread.low < 0.75 < spread.high < 1.0


def test_answers_on_the_mirror_tell_nothing_of_whether_they_follow() -> None:
    true = [case(number) for number in range(4)]
    altered = [case(number, move=Move(0.0, 0.0)) for number in range(4)]

    place = respond(Control.MIRRORED, true, altered).place(Form.POINT)

    assert place is not None
    assert place.follows == ON_THE_MIRROR
    assert value(place.apart_mm) == 0.0


def test_an_image_that_was_not_moved_is_followed_by_nobody() -> None:
    true = [case(number, error_mm=5.0) for number in range(4)]
    altered = [case(number, error_mm=35.0, move=Move(30.0, 0.0)) for number in range(4)]

    place = respond(Control.OTHER_PATIENT, true, altered).place(Form.POINT)

    assert place is not None
    assert place.follows is None
    assert value(place.apart_mm) == 30.0
    assert value(place.score_change) == 30.0


def test_answers_that_are_still_given_are_counted_of_those_on_the_true_images() -> None:
    true = [case(0, error_mm=None), case(1), case(2), case(3)]
    altered = [
        case(0),
        case(1, move=Move(1.0, 0.0)),
        case(2, error_mm=None),
        case(3, error_mm=None),
    ]

    place = respond(Control.BLANK, true, altered).place(Form.POINT)

    assert place is not None
    assert isinstance(place.answered, Estimate)
    assert (place.answered.value, place.answered.n) == (pytest.approx(1 / 3), 3)
    assert value(place.score_change) == 0.0


def test_who_answers_nothing_any_more_has_no_distance() -> None:
    true = [case(number) for number in range(3)]
    altered = [case(number, error_mm=None) for number in range(3)]

    blank, shifted = (
        respond(control, true, altered).place(Form.POINT)
        for control in (Control.BLANK, Control.SHIFTED)
    )

    assert blank is not None
    assert shifted is not None
    assert value(blank.answered) == 0.0
    assert (blank.apart_mm, blank.follows) == (NO_ANSWER, None)
    assert shifted.follows == NO_ANSWER


def test_grades_flip_and_probabilities_change() -> None:
    true = [graded(0, 0.9), graded(1, 0.8), graded(2, 0.6), graded(3, 0.2)]
    altered = [graded(0, 0.9), graded(1, 0.4), graded(2, 0.8), graded(3, 0.2)]

    grades = respond(Control.OTHER_PATIENT, true, altered).grades

    assert grades is not None
    assert value(grades.flips) == 0.25
    assert value(grades.probability_change) == pytest.approx(0.15)
    assert value(grades.accuracy_change) == -0.25


def test_labels_without_probabilities_and_references_tell_of_flips_alone() -> None:
    true = [case(n, grade=GradePrediction(Grade.HGG), reference=None) for n in range(3)]
    altered = [case(n, grade=GradePrediction(Grade.LGG), reference=None) for n in range(3)]

    grades = respond(Control.BLANK, true, altered).grades

    assert grades is not None
    assert value(grades.flips) == 1.0
    assert grades.probability_change == NO_PROBABILITY
    assert grades.accuracy_change == NO_SCORE


def test_a_backend_that_does_not_grade_has_no_grades_to_change() -> None:
    assert respond(Control.BLANK, [case(0)], [case(0)]).grades is None


def test_grades_that_are_not_given_any_more_are_told() -> None:
    grades = respond(Control.BLANK, [graded(0, 0.9)], [case(0, grade=NOTHING)]).grades

    assert grades is not None
    assert value(grades.answered) == 0.0
    assert grades.flips == grades.probability_change == NO_ANSWER


def test_only_studies_that_were_altered_count() -> None:
    found = respond(
        Control.WITHOUT_T1C, [case(0), case(1)], [case(1, move=Move(2.0, 0.0)), case(7)]
    )

    assert found.n == 1


def test_the_controls_know_which_modality_they_drop() -> None:
    dropped = [control.dropped for control in Control]

    assert [one for one in dropped if one] == list(Modality)
    assert [control.value for control in Control if control.moves] == ["mirrored", "shifted"]
