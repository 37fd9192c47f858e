"""Intervals, against numbers worked out by hand and statsmodels' published ones."""

from __future__ import annotations

import pytest

from gliobench.domain.intervals import NOTHING, bootstrap_mean, wilson


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
