"""Grades of drawn cohorts are counted as those of one cohort are."""

from __future__ import annotations

import numpy as np
import pytest

from fakes.one_cohort import RATES, rates
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.statistics.confusions import CalledGrades
from gliobench.domain.studies.grading_target import GRADE as GRADE_TARGET
from gliobench.domain.studies.study import Grade

GRADE = {True: Grade.HGG, False: Grade.LGG}


def one_by_one(reference: np.ndarray, called: np.ndarray, times: np.ndarray) -> ConfusionMatrix:
    """Count a cohort in which studies stand as often as they were drawn."""
    return ConfusionMatrix.of(
        reference=[GRADE[bool(one)] for one in np.repeat(reference, times)],
        prediction=[GRADE[bool(one)] for one in np.repeat(called, times)],
    )


@pytest.mark.parametrize("rate", RATES, ids=lambda one: one.key)
def test_rates_of_drawn_cohorts_are_those_of_cohorts_written_out(rate: Measure) -> None:
    rng = np.random.default_rng(0)
    reference, called = rng.random(9) < 0.7, rng.random((9, 3)) < 0.6
    times = rng.multinomial(9, np.full(9, 1 / 9), size=60)
    times[0], times[1] = reference * 2, ~reference * 2  # one grade only

    found = rate.rates(CalledGrades.of(reference=reference, called_hgg=called).confusions(times))

    assert found is not None

    for row, backend in np.ndindex(found.shape):
        wanted = rates(one_by_one(reference, called[:, backend], times[row]))[
            GRADE_TARGET.in_words(rate.key)
        ]
        if wanted is None:
            assert np.isnan(found[row, backend])
        else:
            assert found[row, backend] == pytest.approx(wanted)


def test_an_answer_that_does_not_count_is_in_no_cell() -> None:
    grades = CalledGrades.of(
        reference=np.array([True, True, False]),
        called_hgg=np.array([[True], [False], [True]]),
        answered=np.array([[True], [False], [True]]),
    )

    confusions = grades.confusions(np.array([[1.0, 5.0, 2.0]]))

    assert confusions.true_positive == 1.0
    assert confusions.false_negative == 0.0
    assert confusions.false_positive == 2.0


def test_answers_of_other_studies_are_refused() -> None:
    reference = np.array([True, False])

    with pytest.raises(InvalidInputError, match=r"wanted \(2, B\)"):
        CalledGrades.of(reference=reference, called_hgg=reference)
    with pytest.raises(InvalidInputError, match="answered has shape"):
        CalledGrades.of(
            reference=reference, called_hgg=reference[:, None], answered=reference[:1, None]
        )
