"""A difference of means knows how little a few failures say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_rel

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import NO_STUDY, Estimate, Interval
from gliobench.domain.statistics.mean_reach import NO_DOUBT, ONE_PATIENT
from gliobench.domain.statistics.paired_means import PairedMeans, compare_means

WORST_MM = 373.0


def compared(first: FloatArray, second: FloatArray) -> PairedMeans:
    """Compare errors in mm, of which those of 373 are failures, one study a patient."""
    return compare_means(
        first,
        second,
        failed=(first == WORST_MM, second == WORST_MM),
        worst=WORST_MM,
        patients=np.arange(len(first)),
    )


def ends(found: PairedMeans) -> tuple[float, float]:
    assert isinstance(found.difference, Estimate)
    assert isinstance(found.difference.interval, Interval)
    return found.difference.interval.low, found.difference.interval.high


def test_without_failures_and_skewness_the_interval_is_that_of_the_paired_t_test() -> None:
    second = np.array([8.0, 9.0, 12.0, 20.0, 31.0])
    first = second + [-2.0, -1.0, 0.0, 1.0, 2.0] + 3

    wanted = ttest_rel(first, second).confidence_interval()

    assert ends(compared(first, second)) == pytest.approx((wanted.low, wanted.high))


def test_though_nobody_failed_the_p_leaves_room_for_failures() -> None:
    # 30 mm better in each of 50 studies; a failure of the first costs 333 mm, and with p / 2 nobody
    # of 50 fails where 30 / 333 would
    found = compared(np.full(50, 10.0), np.full(50, 40.0))

    assert found.difference == Estimate(-30.0, NO_DOUBT, 50)
    assert found.p == pytest.approx(2 * (1 - 30 / 333) ** 50, rel=2e-3)


def test_a_p_falls_as_more_studies_leave_less_room() -> None:
    ps = [compared(np.full(n, 10.0), np.full(n, 14.0)).p for n in (50, 369, 1000)]

    assert ps[0] == 1.0
    assert isinstance(ps[1], float)
    assert ps[1] == pytest.approx(2 * (1 - 4 / 359) ** 369, rel=2e-3)
    assert isinstance(ps[2], float)
    assert ps[2] < 1e-4


def test_no_mean_is_decided_by_one_to_three_failures() -> None:
    for failures in (1, 2, 3):
        second = np.full(50, 10.0)
        second[:failures] = WORST_MM

        found = compared(np.full(50, 10.0), second)

        assert isinstance(found.p, float)
        assert found.p > 0.1


def test_of_equal_means_one_that_fails_in_a_twentieth_is_hardly_ever_called_better() -> None:
    rng, claimed = np.random.default_rng(0), 0
    answers = (30 - 0.05 * WORST_MM) / 0.95
    for _ in range(200):
        first, second = rng.lognormal(-0.32, 0.8, (2, 50)) * [[answers], [30]]
        first[rng.random(50) < 0.05] = WORST_MM
        p = compared(first, second).p
        claimed += isinstance(p, float) and p < 0.05

    assert claimed <= 6


def test_a_mean_may_be_decided_by_many_failures() -> None:
    second = np.full(50, 10.0)
    second[:12] = WORST_MM
    exact, none = (binomtest(k, 50).proportion_ci(method="exact") for k in (12, 0))

    found = compared(np.full(50, 10.0), second)

    assert ends(found)[1] == pytest.approx(
        -363 * 12 / 50 + 363 * np.hypot(12 / 50 - exact.low, none.high)
    )
    assert isinstance(found.p, float)
    assert found.p < 0.01


def test_the_difference_turned_round_has_the_same_p() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.lognormal(2, 1, (2, 60))
    first[:9] = second[6:11] = WORST_MM

    there, back = compared(first, second), compared(second, first)

    assert there.p == pytest.approx(back.p)
    low, high = ends(there)
    assert ends(back) == pytest.approx((-high, -low))


def test_overlaps_whose_failures_score_nothing_are_compared_alike() -> None:
    better, worse = np.full(50, 0.9), np.full(50, 0.5)
    nobody = np.zeros(50, dtype=bool)

    found = compare_means(better, worse, failed=(nobody, nobody), worst=0.0, patients=np.arange(50))

    # the better one gains 0.4, and loses 0.5 where it fails: 2 · (1 - 0.4 / 0.5) to the power of 50
    assert isinstance(found.p, float)
    assert found.p < 1e-5


def test_studies_that_one_of_the_two_has_no_score_of_are_left_out() -> None:
    first, second = np.array([1.0, np.nan, 3.0, 9.0]), np.array([2.0, 2.0, np.nan, 4.0])

    found = compared(first, second)

    assert isinstance(found.difference, Estimate)
    assert found.difference.value == 2.0
    assert found.difference.n == 2


def test_without_studies_or_with_one_patient_nothing_is_told() -> None:
    assert compared(np.full(3, np.nan), np.ones(3)) == PairedMeans(NO_STUDY, NO_STUDY)
    one = compare_means(
        np.array([1.0, 2.0]),
        np.array([3.0, 3.0]),
        failed=(np.zeros(2, dtype=bool), np.zeros(2, dtype=bool)),
        worst=WORST_MM,
        patients=np.zeros(2, dtype=np.intp),
    )
    assert one.p == ONE_PATIENT
