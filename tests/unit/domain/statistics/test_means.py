"""Means of drawn cohorts, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest, sem, skew, t

from gliobench.domain.statistics.estimate import NO_STUDY, Estimate, Interval
from gliobench.domain.statistics.mean_reach import NO_DOUBT, ONE_PATIENT, MeanSpread
from gliobench.domain.statistics.means import MeasuredValues, estimate_mean


def test_a_value_counts_as_often_as_it_is_drawn_and_not_at_all_where_it_is_missing() -> None:
    weights = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    values = np.array([[1.0, 5.0], [4.0, np.nan], [7.0, np.nan]])

    means = MeasuredValues.of(values).means(weights)

    assert means[:, 0] == pytest.approx([2.0, 7.0])
    assert means[0, 1] == 5.0
    assert np.isnan(means[1, 1])


def estimated(values: Sequence[float], patients: Sequence[int] | None = None) -> Estimate:
    column = np.array(values, dtype=np.float64)
    found = estimate_mean(column, np.array(patients or range(len(column))))
    assert isinstance(found, Estimate)
    return found


def ends(estimate: Estimate) -> tuple[float, float]:
    assert isinstance(estimate.interval, Interval)
    return estimate.interval.low, estimate.interval.high


def test_without_skewness_the_interval_is_students() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0]

    expected = t.interval(0.95, 4, loc=3.0, scale=sem(values))

    assert ends(estimated(values)) == pytest.approx(expected)


def test_a_long_tail_moves_the_far_end_out_as_halls_transformation_does() -> None:
    values = np.array([1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 30.0])
    error, moved = sem(values), skew(values) / np.sqrt(8)

    low, high = ends(estimated(values.tolist()))

    # Student's at the near end; at the far one Hall's cubic of the studentised mean is -t
    assert low == pytest.approx(t.interval(0.95, 7, values.mean(), error)[0])
    off = (values.mean() - high) / error
    cubic = off + moved * off**2 / 3 + moved**2 * off**3 / 27 + moved / 6
    assert cubic == pytest.approx(t.ppf(0.025, 7))


def test_studies_of_one_patient_are_no_evidence_of_their_own() -> None:
    rng = np.random.default_rng(0)
    one_each = rng.normal(size=40)

    thrice = estimated(np.repeat(one_each, 3).tolist(), np.repeat(np.arange(40), 3).tolist())

    assert ends(thrice) == pytest.approx(ends(estimated(one_each.tolist())))


def test_errors_of_patients_are_those_of_statsmodels_clusters() -> None:
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    patients = rng.integers(0, 30, 80)
    values = rng.normal(size=30)[patients] + rng.normal(size=80)
    model = sm.OLS(values, np.ones(80)).fit(
        cov_type="cluster", cov_kwds={"groups": patients, "use_correction": False}
    )

    spread = MeanSpread.of(values, patients)

    assert isinstance(spread, MeanSpread)
    count = spread.n_patients
    assert spread.error == pytest.approx(model.bse[0] * np.sqrt(count / (count - 1)))


def test_the_mean_of_one_patient_has_no_interval_and_that_of_none_no_value() -> None:
    assert estimated([1.0, 3.0], [0, 0]) == Estimate(2.0, ONE_PATIENT, n=2)
    assert estimated([2.0, 2.0]) == Estimate(2.0, NO_DOUBT, n=2)
    assert estimate_mean(np.array([np.nan]), np.array([0])) == NO_STUDY


def test_a_mean_is_not_said_to_lie_where_none_can() -> None:
    values, patients = np.array([0.9, 1.0, 1.0, 0.2]), np.arange(4)

    found = estimate_mean(values, patients, bounds=(0.0, 1.0))

    assert isinstance(found, Estimate)
    assert ends(found)[1] == 1.0


def test_few_failures_have_the_exact_interval_of_their_share() -> None:
    values = np.array([10.0] * 48 + [373.0] * 2)
    exact = binomtest(2, 50).proportion_ci(method="exact")

    found = estimate_mean(values, np.arange(50), failed=values > 300)

    assert isinstance(found, Estimate)
    assert found.value == pytest.approx(10 + 2 / 50 * 363)
    assert ends(found) == pytest.approx((10 + exact.low * 363, 10 + exact.high * 363))


def test_the_mean_of_answers_and_the_share_of_failures_are_both_in_doubt() -> None:
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 100.0])
    failed = values > 50
    answers = t.ppf(0.975, 4) * sem(values[:5]) * 5 / 6
    share = binomtest(1, 6).proportion_ci(method="exact").high - 1 / 6

    found = estimate_mean(values, np.arange(6), failed=failed)

    assert isinstance(found, Estimate)
    assert ends(found)[1] - found.value == pytest.approx(np.hypot(answers, 97 * share))


def test_columns_that_are_there_for_the_same_studies_share_one() -> None:
    values = np.array([[1.0, np.nan, 5.0], [3.0, 4.0, np.nan], [8.0, np.nan, 6.0]])

    measured = MeasuredValues.of(values[:, [0, 1, 2, 1]])

    assert measured.there is not None
    assert measured.there.shape == (3, 3)
    assert measured.means(np.array([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]])).tolist()[0] == [
        4.0,
        4.0,
        5.5,
        4.0,
    ]
