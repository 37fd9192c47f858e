"""Intervals, against numbers worked out by hand and statsmodels' published ones."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.intervals import NOTHING, bootstrap_mean, mean_of_proportions, wilson


def test_wilson_of_8_in_10_is_049_to_094() -> None:
    estimate = wilson(successes=8, n=10)

    assert (estimate.value, estimate.n) == (0.8, 10)
    # (0.8 + 0.19207 ± 1.95996·√(0.016 + 0.0096036)) / 1.384146
    assert estimate.low == pytest.approx(0.49016, abs=1e-5)
    assert estimate.high == pytest.approx(0.94332, abs=1e-5)


@pytest.mark.parametrize(("successes", "ends"), [(0, (0.0, 0.27753)), (10, (0.72247, 1.0))])
def test_wilson_stays_inside_0_and_1_and_has_width_at_the_ends(
    successes: int, ends: tuple[float, float]
) -> None:
    estimate = wilson(successes=successes, n=10)

    assert (estimate.low, estimate.high) == pytest.approx(ends, abs=1e-5)


def test_nothing_is_estimated_from_nothing() -> None:
    assert wilson(successes=0, n=0) == NOTHING
    assert bootstrap_mean(values=[], patients=[]) == NOTHING


def test_the_mean_of_one_patient_has_no_interval() -> None:
    estimate = bootstrap_mean(values=[1.0, 3.0], patients=["a", "a"])

    assert (estimate.value, estimate.low, estimate.high, estimate.n) == (2.0, None, None, 2)


def test_the_bootstrap_agrees_with_the_normal_interval_of_many_patients() -> None:
    values = [float(number % 10) for number in range(500)]

    estimate = bootstrap_mean(values=values, patients=[str(number) for number in range(500)])

    # Standard deviation √8.25, so 4.5 ± 1.96·2.872/√500.
    assert estimate.low == pytest.approx(4.5 - 0.2518, abs=0.03)
    assert estimate.high == pytest.approx(4.5 + 0.2518, abs=0.03)


def test_studies_of_one_patient_are_drawn_together() -> None:
    values = [0.0, 1.0] * 50
    alone = bootstrap_mean(values=values, patients=[str(number) for number in range(100)])
    together = bootstrap_mean(values=sorted(values), patients=["a"] * 50 + ["b"] * 50)

    assert alone.low is not None
    assert alone.low > 0.3
    assert (together.low, together.high) == (0.0, 1.0)


def test_the_same_seed_gives_the_same_interval() -> None:
    values, patients = [0.1, 0.5, 0.7, 0.9], ["a", "b", "c", "d"]

    same = [bootstrap_mean(values=values, patients=patients, seed=7) for _ in range(2)]

    assert same[0] == same[1]
    assert same[0] != bootstrap_mean(values=values, patients=patients, seed=8)


def test_the_mean_of_two_proportions_takes_its_interval_from_theirs() -> None:
    # 29 of 30 is 0.967 in (0.833, 0.994); 1 of 2 is 0.5 in (0.095, 0.905).
    estimate = mean_of_proportions(wilson(successes=29, n=30), wilson(successes=1, n=2))

    assert estimate.value == pytest.approx((29 / 30 + 1 / 2) / 2)
    assert estimate.low == pytest.approx(
        0.7333 - np.hypot(0.9667 - 0.8333, 0.5 - 0.0945) / 2, abs=1e-3
    )
    assert estimate.high == pytest.approx(
        0.7333 + np.hypot(0.9941 - 0.9667, 0.9055 - 0.5) / 2, abs=1e-3
    )
    assert estimate.n == 32


def test_two_perfect_proportions_of_few_studies_are_still_in_doubt() -> None:
    estimate = mean_of_proportions(wilson(successes=30, n=30), wilson(successes=2, n=2))

    assert (estimate.value, estimate.high) == (1.0, 1.0)
    assert estimate.low is not None
    assert estimate.low < 0.7


def test_the_mean_with_a_proportion_of_nothing_is_unknown() -> None:
    estimate = mean_of_proportions(wilson(successes=1, n=2), wilson(successes=0, n=0))

    assert (estimate.value, estimate.low, estimate.high) == (None, None, None)
