"""Intervals of proportions: by hand, as published, and beside statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import (
    NO_STUDY,
    Estimate,
    Interval,
    Measured,
    NotEstimable,
)
from gliobench.domain.statistics.proportions import clopper_pearson, mean_of_proportions, wilson


def ends(measured: Measured) -> tuple[float, float]:
    assert isinstance(measured, Estimate)
    assert isinstance(measured.interval, Interval)
    return measured.interval.low, measured.interval.high


def test_wilson_of_8_in_10_is_049_to_094() -> None:
    estimate = wilson(successes=8, n=10)

    # (0.8 + 0.19207 ± 1.95996·√(0.016 + 0.0096036)) / 1.384146
    assert ends(estimate) == pytest.approx((0.49016, 0.94332), abs=1e-5)
    assert isinstance(estimate, Estimate)
    assert (estimate.value, estimate.n) == (0.8, 10)


# Newcombe, "Two-sided confidence intervals for the single proportion", Stat Med 1998, table I.
NEWCOMBE = {
    (81, 263): ((0.2553, 0.3662), (0.2527, 0.3676)),
    (15, 148): ((0.0624, 0.1605), (0.0578, 0.1617)),
    (0, 20): ((0.0000, 0.1611), (0.0000, 0.1684)),
    (1, 29): ((0.0061, 0.1718), (0.0009, 0.1776)),
}


@pytest.mark.parametrize(("counts", "published"), NEWCOMBE.items())
def test_intervals_are_those_that_newcombe_published(
    counts: tuple[int, int], published: tuple[tuple[float, float], tuple[float, float]]
) -> None:
    successes, n = counts

    found = [ends(way(successes=successes, n=n)) for way in (wilson, clopper_pearson)]

    assert found[0] == pytest.approx(published[0], abs=5.1e-5)
    assert found[1] == pytest.approx(published[1], abs=5.1e-5)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
@pytest.mark.parametrize("successes", [0, 1, 17, 29, 30])
def test_intervals_are_statsmodels(successes: int, level: float) -> None:
    statsmodels = pytest.importorskip("statsmodels.stats.proportion")

    for way, method in ((wilson, "wilson"), (clopper_pearson, "beta")):
        wanted = statsmodels.proportion_confint(successes, 30, alpha=1 - level, method=method)
        found = ends(way(successes=successes, n=30, level=level))

        assert found == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("way", [wilson, clopper_pearson])
def test_an_interval_of_none_or_all_ends_there_exactly_and_has_width(way: object) -> None:
    assert callable(way)

    none, every = ends(way(successes=0, n=7)), ends(way(successes=7, n=7))

    assert none[0] == 0.0 < none[1]
    assert every[0] < every[1] == 1.0


@pytest.mark.parametrize("way", [wilson, clopper_pearson])
def test_nothing_is_estimated_from_nothing(way: object) -> None:
    assert callable(way)
    assert way(successes=0, n=0) == NO_STUDY


@pytest.mark.parametrize(("successes", "n"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(InvalidInputError, match="successes among 2"):
        wilson(successes=successes, n=n)


def test_a_level_outside_0_and_1_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="level of 95"):
        clopper_pearson(successes=1, n=2, level=95)


def test_the_mean_of_two_proportions_takes_its_interval_from_theirs() -> None:
    # 29 of 30 is 0.967 in (0.833, 0.994); 1 of 2 is 0.5 in (0.095, 0.905).
    estimate = mean_of_proportions(wilson(successes=29, n=30), wilson(successes=1, n=2))

    assert isinstance(estimate, Estimate)
    assert estimate.value == pytest.approx((29 / 30 + 1 / 2) / 2)
    low = 0.7333 - np.hypot(0.9667 - 0.8333, 0.5 - 0.0945) / 2
    high = 0.7333 + np.hypot(0.9941 - 0.9667, 0.9055 - 0.5) / 2
    assert ends(estimate) == pytest.approx((low, high), abs=1e-3)
    assert estimate.n == 32


def test_two_perfect_proportions_of_few_studies_are_still_in_doubt() -> None:
    estimate = mean_of_proportions(wilson(successes=30, n=30), wilson(successes=2, n=2))

    low, high = ends(estimate)
    assert low < 0.7
    assert high == 1.0


def test_the_mean_with_a_proportion_of_nothing_says_why_it_is_unknown() -> None:
    assert mean_of_proportions(wilson(successes=1, n=2), wilson(successes=0, n=0)) == NO_STUDY
    bare = Estimate(0.5, NotEstimable("one patient"), n=2)
    assert mean_of_proportions(bare, wilson(successes=1, n=2)) == NotEstimable("one patient")


def test_proportions_at_two_levels_have_no_mean() -> None:
    with pytest.raises(InvalidInputError, match="one level"):
        mean_of_proportions(wilson(successes=1, n=2, level=0.9), wilson(successes=1, n=2))
