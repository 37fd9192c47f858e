"""Bootstrap intervals: as published, beside scipy, and where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.bootstrap import Replicates, Statistic, resample
from gliobench.domain.statistics.estimate import NO_STUDY, Estimate, Interval, Measured
from gliobench.domain.statistics.means import MeasuredValues
from gliobench.domain.statistics.sampling import SamplingPlan

RNG = np.random.default_rng(5)
SKEWED = RNG.lognormal(size=40)
# Efron & Tibshirani, "An introduction to the bootstrap", 1993, table 14.1: spatial test, column A.
SPATIAL_TEST = np.array(
    "48 36 20 29 42 42 20 42 22 41 45 14 6 0 33 28 34 4 32 24 47 41 24 26 30 41".split(),  # noqa: SIM905  a table reads better
    dtype=np.float64,
)


def mean_of(*columns: FloatArray) -> Statistic:
    return MeasuredValues.of(np.column_stack(columns)).means


def variance_of(values: FloatArray) -> Statistic:
    def variance(weights: FloatArray) -> FloatArray:
        first, second = MeasuredValues.of(np.column_stack([values, values**2])).means(weights).T
        return (second - first**2)[:, None]

    return variance


def drawn(statistic: Statistic, n: int, *, replicates: int = 20_000, seed: int = 0) -> Replicates:
    return resample(statistic, SamplingPlan.of(range(n)), replicates=replicates, seed=seed)


def ends(measured: Measured) -> tuple[float, float]:
    assert isinstance(measured, Estimate)
    assert isinstance(measured.interval, Interval)
    return measured.interval.low, measured.interval.high


def reason(measured: Measured) -> str:
    assert isinstance(measured, Estimate)
    assert not isinstance(measured.interval, Interval)
    return measured.interval.reason


def test_intervals_of_a_variance_are_those_that_efron_and_tibshirani_published() -> None:
    replicates = drawn(variance_of(SPATIAL_TEST), 26, replicates=40_000)

    (percentile,), (bca,) = replicates.percentile(level=0.9), replicates.bca(level=0.9)

    assert replicates.observed[0] == pytest.approx(171.5, abs=0.05)
    # table 14.2, from 2,000 replicates: that is good for some 3 units
    assert ends(percentile) == pytest.approx((100.8, 233.9), abs=4)
    assert ends(bca) == pytest.approx((115.8, 259.6), abs=4)


def test_the_pull_of_patients_gives_the_acceleration_that_efron_and_tibshirani_published() -> None:
    influence = drawn(variance_of(SPATIAL_TEST), 26, replicates=100).influence[:, 0]

    pull = influence - influence.mean()
    assert (pull**3).sum() / (6 * (pull**2).sum() ** 1.5) == pytest.approx(0.061, abs=0.0006)


@pytest.mark.parametrize("method", ["percentile", "BCa"])
def test_intervals_of_a_mean_are_scipys(method: str) -> None:
    reference = stats.bootstrap(
        (SKEWED,), np.mean, n_resamples=20_000, method=method, rng=np.random.default_rng(1)
    ).confidence_interval
    replicates = drawn(mean_of(SKEWED), len(SKEWED))

    (found,) = replicates.bca() if method == "BCa" else replicates.percentile()

    assert ends(found) == pytest.approx((reference.low, reference.high), abs=0.03)


def test_numbers_of_the_same_draws_are_compared_in_pairs() -> None:
    alone = drawn(mean_of(SKEWED, SKEWED + 1 + RNG.normal(0, 0.01, 40)), 40)

    (difference,) = (alone.pick([1]) - alone.pick([0])).percentile()

    assert ends(difference) == pytest.approx((1, 1), abs=0.01)


def test_the_bootstrap_of_a_difference_has_the_influence_of_the_difference() -> None:
    both = drawn(mean_of(SKEWED, SKEWED[::-1]), 40)

    (found,) = (both.pick([0]) - both.pick([1])).bca()
    (direct,) = drawn(mean_of(SKEWED - SKEWED[::-1]), 40).bca()

    assert ends(found) == pytest.approx(ends(direct))


def test_draws_within_strata_leave_no_doubt_about_the_strata() -> None:
    grade = np.repeat([0.0, 1.0], 20)
    plan = SamplingPlan.of(range(40), grade.tolist())

    (share,) = resample(mean_of(grade), plan, replicates=100).percentile()

    assert isinstance(share, Estimate)
    assert share.value == 0.5
    assert "same value" in reason(share)


def test_the_same_seed_gives_the_same_interval() -> None:
    found = [drawn(mean_of(SKEWED), 40, replicates=500, seed=seed).bca() for seed in (2, 2, 3)]

    assert found[0] == found[1] != found[2]


def test_a_number_that_no_doubt_is_seen_of_has_no_interval() -> None:
    replicates = drawn(mean_of(np.ones(9)), 9, replicates=100)

    for (estimate,) in (replicates.percentile(), replicates.bca()):
        assert "same value" in reason(estimate)


def test_one_patient_has_a_mean_and_no_interval() -> None:
    plan = SamplingPlan.of(["a", "a"])

    (estimate,) = resample(mean_of(np.array([1.0, 3.0])), plan).percentile()

    assert isinstance(estimate, Estimate)
    assert estimate.value == 2.0
    assert reason(estimate) == "there is one patient only"


def test_no_study_has_no_mean() -> None:
    assert resample(mean_of(np.empty(0)), SamplingPlan.of([])).percentile() == (NO_STUDY,)


def test_a_number_that_is_undefined_says_so() -> None:
    (measured,) = drawn(mean_of(np.full(5, np.nan)), 5, replicates=100).bca()

    assert not isinstance(measured, Estimate)
    assert "not defined" in measured.reason


def test_a_number_that_many_draws_leave_undefined_has_no_interval() -> None:
    rare = np.full(30, np.nan)
    rare[:2] = 0.0, 1.0

    replicates = drawn(mean_of(rare), 30, replicates=2000)

    # (28/30)^30 = 12.6 % of the draws hold neither
    assert reason(replicates.percentile()[0]) == "12% of the resamples leave it undefined"


def test_bca_needs_every_patients_pull() -> None:
    rare = np.full(4, np.nan)
    rare[0] = 1.0

    def rare_or_one(weights: FloatArray) -> FloatArray:
        found = MeasuredValues.of(rare[:, None]).means(weights)
        drawn = len(weights) > 4
        return np.where(np.isnan(found), weights[:, [1]], found) if drawn else found

    (estimate,) = drawn(rare_or_one, 4, replicates=200).bca()

    assert "without one of the patients" in reason(estimate)


def test_too_few_replicates_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="99 replicates"):
        drawn(mean_of(SKEWED), 40, replicates=99)
