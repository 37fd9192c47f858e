"""The normal limit of the bootstrap: beside drawn cohorts, and where it is not taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from gliobench.domain.evaluation.grading_measures import GradedAnswers
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.measures import ACCURACY, AUROC, GRADING, NPV
from gliobench.domain.statistics import normal_limit
from gliobench.domain.statistics.bootstrap import Replicates, Statistic, resample
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.normal_limit import Pulls
from gliobench.domain.statistics.rank_methods import RankedScores
from gliobench.domain.statistics.sampling import SamplingPlan

N = 1500
RNG = np.random.default_rng(3)
HGG = RNG.random(N) < 0.8
PROBABILITY = np.column_stack(
    [(1 / (1 + np.exp(-RNG.normal(skill * HGG - 0.3)))).round(2) for skill in (1, 2)]
)
ANSWERS = GradedAnswers.of(HGG, called=PROBABILITY > 0.5, probabilities=list(PROBABILITY.T))
VALUES = np.where(RNG.random((N, 2)) < 0.1, np.nan, RNG.lognormal(size=(N, 2)))
TWICE = np.arange(N) - np.arange(N) % 10 // 9
"""Patients, one in ten of whom came twice."""


@pytest.fixture(autouse=True)
def _small_cohorts_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal_limit, "DRAWN_UP_TO", 100)
    monkeypatch.setattr(normal_limit, "FEWEST", 12)


def differentiated(statistic: Statistic, study: int, step: float = 1e-4) -> FloatArray:
    weights = np.ones((2, N))
    weights[:, study] += step, -step
    more, fewer = statistic(weights)
    return (more - fewer) / (2 * step)


def drawn(pulls: Pulls | None, statistic: Statistic, **options: int) -> Replicates:
    plan = SamplingPlan.of(TWICE.tolist(), HGG.tolist())
    return resample(statistic, plan, pulls=pulls, replicates=2000, **options)


def grades(called: Sequence[FloatArray]) -> GradedAnswers:
    return GradedAnswers.of(HGG, called=np.column_stack(called) > 0, probabilities=[])


@pytest.mark.parametrize("measure", GRADING, ids=lambda measure: measure.key)
def test_pulls_of_grading_measures_are_their_derivatives(measure: object) -> None:
    statistic, pulls = ANSWERS.statistic([measure]), ANSWERS.pulls([measure])  # type: ignore[list-item]  parametrised

    assert pulls is not None
    found = np.hstack(list(pulls.of_studies()))

    for study in (0, 1, 2, 3, 700):
        assert found[study] == pytest.approx(differentiated(statistic, study), rel=1e-6, abs=1e-12)


def test_pulls_of_means_are_their_derivatives_where_numbers_are_missing() -> None:
    means = MeasuredValues.of(VALUES)

    found = means.pulls()

    for study in range(20):
        assert found[study] == pytest.approx(
            differentiated(means.means, study), rel=1e-6, abs=1e-11
        )


def test_pulls_of_weighted_means_are_their_derivatives() -> None:
    scores = RankedScores.of(np.nan_to_num(VALUES), RNG.uniform(0.5, 2, N))

    found = scores.pulls()

    for study in range(20):
        assert found[study] == pytest.approx(
            differentiated(scores.means, study), rel=1e-6, abs=1e-11
        )


def test_the_limit_spreads_and_correlates_as_drawn_cohorts_do() -> None:
    statistic = ANSWERS.statistic(GRADING)

    limit, cohorts = drawn(ANSWERS.pulls(GRADING), statistic), drawn(None, statistic)

    assert len(limit.influence) == 2 * limit.drawn.shape[1] != len(cohorts.influence)
    assert limit.drawn.std(axis=0) == pytest.approx(cohorts.drawn.std(axis=0), rel=0.06)
    apart = np.corrcoef(limit.drawn.T) - np.corrcoef(cohorts.drawn.T)
    assert np.abs(apart).max() < 0.08


def test_its_standard_errors_are_those_of_the_pulls() -> None:
    limit = drawn(ANSWERS.pulls([ACCURACY]), ANSWERS.statistic([ACCURACY]), seed=1)
    right = (PROBABILITY[:, 0] > 0.5) == HGG
    patients, first = np.unique(TWICE, return_index=True)
    pulls = np.array([(right - right.mean())[patient == TWICE].sum() / N for patient in patients])

    strata = [pulls[HGG[first]], pulls[~HGG[first]]]

    variance = sum(len(stratum) * np.var(stratum) for stratum in strata)
    assert limit.standard_error(0) == pytest.approx(np.sqrt(variance))


def test_pulls_that_are_reduced_in_parts_give_the_same_covariance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan, pulls = SamplingPlan.of(TWICE.tolist(), HGG.tolist()), ANSWERS.pulls(GRADING)
    observed = ANSWERS.statistic(GRADING)(np.ones((1, N)))[0]
    at_once = normal_limit.normal_limit(pulls, plan, observed)
    monkeypatch.setattr(normal_limit, "AT_ONCE", 50)

    in_parts = normal_limit.normal_limit(pulls, plan, observed)

    assert in_parts.T @ in_parts == pytest.approx(at_once.T @ at_once, rel=1e-9)


def test_a_statistic_that_few_patients_decide_is_drawn() -> None:
    called = [np.where(np.arange(N) < 6, -1.0, 1.0)]

    found = drawn(grades(called).pulls([NPV]), grades(called).statistic([NPV]))

    assert len(np.unique(found.drawn)) < 1000  # shares of six studies, not normal numbers


def test_a_difference_that_few_patients_decide_is_drawn() -> None:
    one = PROBABILITY[:, 0] - 0.5
    other = np.where(np.arange(N) < 6, -one, one)
    answers = grades([one, other])

    found = drawn(answers.pulls([ACCURACY]), answers.statistic([ACCURACY]))

    apart = np.round((found.drawn[:, 0] - found.drawn[:, 1]) * N)
    assert len(np.unique(apart)) < 50


def test_an_undefined_statistic_stays_undefined_and_the_others_are_measured() -> None:
    always = grades([np.ones(N), PROBABILITY[:, 0] - 0.5])

    found = drawn(always.pulls([NPV]), always.statistic([NPV]))

    assert np.isnan(found.drawn[:, 0]).all()
    assert not np.isnan(found.drawn[:, 1]).any()


def test_a_statistic_that_does_not_vary_has_no_interval() -> None:
    constant = GradedAnswers.of(HGG, called=HGG[:, None], probabilities=[np.full(N, 0.5)])

    (found,) = drawn(constant.pulls([AUROC]), constant.statistic([AUROC])).bca()

    assert "same value" in str(found)


def test_a_small_cohort_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(normal_limit, "DRAWN_UP_TO", N)
    statistic = ANSWERS.statistic([ACCURACY])

    found, cohorts = drawn(ANSWERS.pulls([ACCURACY]), statistic), drawn(None, statistic)

    assert np.array_equal(found.drawn, cohorts.drawn)


@pytest.mark.parametrize(("deciding", "is_drawn"), [(498, True), (502, False)])
def test_500_patients_have_to_decide_each_statistic_of_a_large_cohort(
    monkeypatch: pytest.MonkeyPatch, deciding: int, is_drawn: bool
) -> None:
    monkeypatch.undo()
    n = normal_limit.DRAWN_UP_TO + 1
    pulls = np.where(np.arange(n) < deciding, (-1.0) ** np.arange(n), 0.0)[:, None]
    plan = SamplingPlan.of(list(range(n)), [True] * n)

    limit = normal_limit.normal_limit(Pulls(lambda: [pulls]), plan, np.zeros(1))

    assert (limit is None) is is_drawn
