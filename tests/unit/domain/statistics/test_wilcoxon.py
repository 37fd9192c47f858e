"""Signed ranks: Hollander & Wolfe's example, scipy's p, and means of pairs written out."""

from __future__ import annotations

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import NO_STUDY, Interval
from gliobench.domain.statistics.wilcoxon import SignedRank, signed_rank

# Hollander & Wolfe, "Nonparametric statistical methods", table 3.1: depression before and after
BEFORE = np.array([1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30])
AFTER = np.array([0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29])


def ranked(differences: np.ndarray) -> SignedRank:
    found = signed_rank(differences)
    assert isinstance(found, SignedRank)
    return found


def ends(found: SignedRank) -> tuple[float, float]:
    assert isinstance(found.shift.interval, Interval)
    return found.shift.interval.low, found.shift.interval.high


def means_of_pairs(differences: np.ndarray) -> np.ndarray:
    i, j = np.triu_indices(len(differences))
    return np.sort((differences[i] + differences[j]) / 2)


def test_a_tranquilliser_helps_as_hollander_and_wolfe_have_it() -> None:
    found = ranked(AFTER - BEFORE)

    assert found.shift.value == pytest.approx(-0.46)
    assert ends(found) == pytest.approx((-0.786, -0.010))
    assert found.p == pytest.approx(2 * 0.01953, abs=1e-5)


@pytest.mark.parametrize(("n", "method"), [(8, "exact"), (30, "exact"), (400, "approx")])
def test_the_p_is_scipys(n: int, method: str) -> None:
    differences = np.random.default_rng(n).normal(0.1, 1, n)

    assert ranked(differences).p == pytest.approx(stats.wilcoxon(differences, method=method).pvalue)


def test_with_ties_and_zeros_the_p_is_scipys_of_pratt() -> None:
    differences = np.random.default_rng(1).normal(0.1, 1, 400).round(1)

    wanted = stats.wilcoxon(differences, zero_method="pratt", method="approx").pvalue

    assert ranked(differences).p == pytest.approx(wanted)
    assert ranked(differences).n_different < 400


def test_the_p_of_few_tied_pairs_is_counted_out() -> None:
    # ranks 1 (a zero), 2.5, 2.5, 4 of 0, 1, 1, 2: all three to one side in 2 of 8 cases
    assert ranked(np.array([0.0, 1.0, 1.0, 2.0])).p == pytest.approx(2 / 8)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=9), st.integers(0, 300))
def test_among_any_number_of_zeros_the_p_is_that_of_all_signs(
    differences: list[int], more_zeros: int
) -> None:
    values = np.array([*differences, *([0] * more_zeros)], dtype=float)
    ranks = stats.rankdata(np.abs(values))[values != 0]
    signs = np.array(list(product((-1, 1), repeat=len(ranks)))).reshape(2 ** len(ranks), -1)

    seen = abs((ranks * np.sign(values[values != 0])).sum())

    assert ranked(values).p == pytest.approx((np.abs(signs @ ranks) >= seen).mean())


def test_a_hundred_that_differ_among_many_that_do_not_take_little_memory() -> None:
    differences = np.zeros(30_000)
    differences[:100] = np.random.default_rng(0).normal(0.1, 1, 100)

    tracemalloc.start()
    found = ranked(differences)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert found.n_different == 100
    assert most < 64 * 2**20  # a chance for each sum of the ranks would be 48 MB, four times over


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40))
def test_the_shift_is_the_median_of_the_means_of_pairs(differences: list[int]) -> None:
    values = np.array(differences) / 7

    assert ranked(values).shift.value == pytest.approx(np.median(means_of_pairs(values)), abs=1e-14)


@given(st.lists(st.integers(-9, 9), min_size=6, max_size=40))
def test_an_interval_ends_at_means_of_pairs_and_is_zero_where_they_are(
    differences: list[int],
) -> None:
    values = np.array(differences) / 8

    means = set(means_of_pairs(values).tolist())
    assert {*ends(ranked(values))} <= means


def test_the_interval_leaves_out_zero_where_the_test_rejects_it() -> None:
    rng = np.random.default_rng(0)

    for shift in np.linspace(0, 1.2, 60):
        found = ranked(rng.normal(shift, 1, 25))
        low, high = ends(found)
        assert (found.p <= 0.05) == (low > 0 or high < 0)


def test_five_pairs_have_a_shift_and_no_interval() -> None:
    found = ranked(np.arange(1.0, 6.0))

    assert found.shift.value == 3.0
    assert "too few" in getattr(found.shift.interval, "reason", "")


def test_pairs_that_do_not_differ_speak_against_nothing() -> None:
    found = ranked(np.zeros(8))

    assert (found.p, found.n_different, found.shift.value) == (1.0, 0, 0.0)
    assert ends(found) == (0.0, 0.0)


def test_without_pairs_there_is_no_test() -> None:
    assert signed_rank(np.empty(0)) == NO_STUDY


def test_a_difference_that_is_not_finite_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not finite"):
        signed_rank(np.array([1.0, np.inf]))
