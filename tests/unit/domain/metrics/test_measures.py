"""The table of measures is whole and consistent."""

from __future__ import annotations

import pickle

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics import classification as graded
from gliobench.domain.metrics.measures import (
    ACC_50,
    BOX_IOU,
    CENTRE_ERROR,
    DICE,
    GRADING,
    MEASURES,
    VOLUME_ERROR_MM3,
    WORST_MM,
    Compared,
    Measure,
    leading,
    measures_of,
    scored_in,
)
from gliobench.domain.predictions.prediction import Form

ROWS = pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.title)


@ROWS
def test_a_measure_says_what_it_means_in_a_sentence_without_its_full_stop(measure: Measure) -> None:
    assert measure.title
    assert not measure.meaning[0].islower()
    assert not measure.meaning.endswith(".")


@ROWS
def test_a_measure_that_is_sent_to_another_process_is_the_same_row_there(measure: Measure) -> None:
    assert pickle.loads(pickle.dumps(measure)) is measure


@ROWS
def test_the_worst_value_is_one_end_of_what_a_measure_can_be(measure: Measure) -> None:
    low, high = measure.bounds

    assert measure.worst in (None, low, high)
    assert low <= measure.best <= high


@pytest.mark.parametrize("form", Form)
def test_no_two_measures_of_a_form_share_a_name(form: Form) -> None:
    for names in (
        [measure.key for measure in measures_of(form)],
        [measure.exported_as for measure in measures_of(form)],
        [measure.score_name() for measure in scored_in(form)],
    ):
        assert len(names) == len(set(names))


def test_no_two_measures_of_grades_share_a_key_nor_two_measures_a_title() -> None:
    assert len({measure.key for measure in GRADING}) == len(GRADING)
    assert len({measure.title for measure in MEASURES}) == len(MEASURES)


def test_every_form_has_a_leading_measure_that_is_compared_by_a_test() -> None:
    assert all(leading(form).compared is Compared.BY_TEST for form in Form)


def test_scores_are_named_as_the_score_tables_of_older_runs_name_them() -> None:
    assert CENTRE_ERROR.score_name() == "error_mm"
    assert BOX_IOU.score_name() == "iou"
    assert DICE.score_name(Region.ET) == "ET_dice"
    assert ACC_50 not in scored_in(Form.BOX)


def test_a_distance_ends_at_the_penalty_and_a_volume_error_nowhere() -> None:
    assert CENTRE_ERROR.bounds == (0.0, WORST_MM)
    assert VOLUME_ERROR_MM3.bounds == (float("-inf"), float("inf"))


@pytest.mark.parametrize("functions", [{}, {"of_counts": graded.ppv, "of_confusions": graded.mcc}])
def test_a_measure_is_computed_by_one_function(functions: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError, match="needs one function"):
        Measure(key="x", title="X", meaning="X", name="x", **functions)
