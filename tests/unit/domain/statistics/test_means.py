"""Means of drawn cohorts."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.statistics.estimate import NO_STUDY, Estimate, Interval, NotEstimable
from gliobench.domain.statistics.means import MeasuredValues, bootstrap_mean, bootstrap_means


def test_a_value_counts_as_often_as_it_is_drawn_and_not_at_all_where_it_is_missing() -> None:
    weights = np.array([[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]])
    values = np.array([[1.0, 5.0], [4.0, np.nan], [7.0, np.nan]])

    means = MeasuredValues.of(values).means(weights)

    assert means[:, 0] == pytest.approx([2.0, 7.0])
    assert means[0, 1] == 5.0
    assert np.isnan(means[1, 1])


def test_the_bootstrap_agrees_with_the_normal_interval_of_many_patients() -> None:
    values = [float(number % 10) for number in range(500)]

    estimate = bootstrap_mean(values=values, patients=range(500))

    assert isinstance(estimate, Estimate)
    assert isinstance(estimate.interval, Interval)
    # Standard deviation √8.25, so 4.5 ± 1.96·2.872/√500.
    assert estimate.interval.low == pytest.approx(4.5 - 0.2518, abs=0.03)
    assert estimate.interval.high == pytest.approx(4.5 + 0.2518, abs=0.03)


def test_studies_of_one_patient_are_drawn_together() -> None:
    values = [0.0, 1.0] * 50
    alone = bootstrap_mean(values=values, patients=range(100))
    together = bootstrap_mean(values=sorted(values), patients=["a"] * 50 + ["b"] * 50)

    assert isinstance(alone, Estimate)
    assert isinstance(alone.interval, Interval)
    assert alone.interval.low > 0.3
    assert isinstance(together, Estimate)
    assert together.interval == Interval(0.0, 1.0)


def test_the_mean_of_one_patient_has_no_interval_and_that_of_none_no_value() -> None:
    estimate = bootstrap_mean(values=[1.0, 3.0], patients=["a", "a"])

    assert estimate == Estimate(2.0, NotEstimable("there is one patient only"), n=2)
    assert bootstrap_mean(values=[], patients=[]) == NO_STUDY


def test_the_same_seed_gives_the_same_interval() -> None:
    values, patients = np.random.default_rng(0).random(30).tolist(), range(30)

    same = [bootstrap_mean(values=values, patients=patients, seed=7) for _ in range(2)]

    assert same[0] == same[1]
    assert same[0] != bootstrap_mean(values=values, patients=patients, seed=8)


def test_many_means_are_each_what_they_would_be_alone() -> None:
    rng = np.random.default_rng(0)
    columns = [rng.lognormal(size=60) for _ in range(4)]
    columns[1][:7] = columns[2][:7] = np.nan
    columns[3][:] = np.nan
    patients = [f"p{number // 2}" for number in range(60)]

    together = bootstrap_means(columns, patients=patients, seed=3)

    for values, found in zip(columns, together, strict=True):
        known = ~np.isnan(values)
        whose = [who for who, there in zip(patients, known, strict=True) if there]
        alone = bootstrap_mean(values=values[known].tolist(), patients=whose, seed=3)
        if isinstance(alone, Estimate):
            assert isinstance(found, Estimate)
            assert found.value == pytest.approx(alone.value, rel=1e-14)
            assert found.interval == alone.interval or ends(found) == pytest.approx(ends(alone))
        else:
            assert found == alone == NO_STUDY


def ends(estimate: Estimate) -> tuple[float, float]:
    assert isinstance(estimate.interval, Interval)
    return estimate.interval.low, estimate.interval.high


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
