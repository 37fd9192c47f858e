"""Ranks by four methods, against challengeR's values and against numbers worked out by hand."""

from __future__ import annotations

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import kendalltau, wilcoxon

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.rank_methods import (
    RankedScores,
    RankMethod,
    kendall_tau_b,
    rank_intervals,
    rank_shares,
)
from gliobench.domain.statistics.wilcoxon import one_sided

GOLDEN = json.loads((Path(__file__).parents[3] / "goldens" / "ranking.json").read_text())
"""Its missing scores count as 0, the worst of them."""
SCORES = np.column_stack(
    [
        [score or 0.0 for score in GOLDEN["input"]["scores"][name]]
        for name in GOLDEN["input"]["algorithms"]
    ]
)
DRAWS = np.array(
    [np.bincount(drawn, minlength=len(SCORES)) for drawn in GOLDEN["input"]["bootstrap_index0"]],
    dtype=np.float64,
)
EVERYONE = np.ones((1, len(SCORES)))
NAMES = {
    RankMethod.MEAN: "mean",
    RankMethod.MEDIAN: "median",
    RankMethod.MEAN_RANK: "rankmean",
    RankMethod.TESTS_WON: "test",
}
methods = pytest.mark.parametrize("method", RankMethod)
few = arrays(np.float64, (6, 4), elements=st.integers(0, 5).map(float))
"""Scores of four backends on six studies, many of them equal."""


@methods
def test_values_in_the_cohort_equal_those_of_challenger(method: RankMethod) -> None:
    ranked = RankedScores.of(SCORES)
    values = {
        RankMethod.MEAN: ranked.means,
        RankMethod.MEDIAN: ranked.medians,
        RankMethod.MEAN_RANK: ranked.mean_ranks,
        RankMethod.TESTS_WON: ranked.tests_won,
    }[method](EVERYONE)

    assert values[0] == pytest.approx(GOLDEN["results"][NAMES[method]]["aggregate"], abs=1e-12)


@methods
def test_ranks_in_the_cohort_equal_those_of_challenger(method: RankMethod) -> None:
    found = RankedScores.of(SCORES).ranks(method, EVERYONE)

    assert found[0].tolist() == GOLDEN["results"][NAMES[method]]["rank"]


@methods
def test_ranks_in_every_resample_equal_those_of_challenger(method: RankMethod) -> None:
    found = RankedScores.of(SCORES).ranks(method, DRAWS)

    assert found.T.tolist() == GOLDEN["results"][NAMES[method]]["boot_rank_by_algorithm"]


@methods
def test_agreement_and_wins_of_the_resamples_equal_those_of_challenger(method: RankMethod) -> None:
    golden, ranked = GOLDEN["results"][NAMES[method]], RankedScores.of(SCORES)
    drawn, observed = ranked.ranks(method, DRAWS), ranked.ranks(method, EVERYONE)[0]

    assert kendall_tau_b(drawn, observed) == pytest.approx(golden["kendall"], abs=1e-12)
    assert rank_shares(drawn)[:, 0] == pytest.approx(golden["win_share"], abs=1e-12)


@pytest.mark.parametrize(("one", "other"), list(permutations(range(5), 2)))
def test_one_sided_tests_equal_those_of_r(one: int, other: int) -> None:
    p = GOLDEN["pairwise_p"]["row_better_than_column"]

    better, worse = one_sided(SCORES[:, one] - SCORES[:, other], EVERYONE)

    assert better[0] == pytest.approx(p[one][other], rel=1e-9)
    assert worse[0] == pytest.approx(p[other][one], rel=1e-9)


def test_a_test_of_part_of_the_pairs_equals_scipys() -> None:
    rng = np.random.default_rng(0)
    differences = np.round(rng.normal(0.5, 2, 40))
    there = rng.random((8, 40)) < 0.6

    above, below = one_sided(differences, there.astype(float))

    for row, chosen in enumerate(there):
        options = {"correction": True, "method": "asymptotic"}
        for found, side in ((above, "greater"), (below, "less")):
            wanted = wilcoxon(differences[chosen], alternative=side, **options).pvalue
            assert found[row] == pytest.approx(wanted, rel=1e-9)


def test_pairs_without_a_difference_show_none() -> None:
    nothing = one_sided(np.zeros(5), np.ones((2, 5)))
    left_out = one_sided(np.array([1.0, 0.0]), np.array([[0.0, 1.0]]))

    assert [item.tolist() for item in (*nothing, *left_out)] == [[1, 1], [1, 1], [1], [1]]


def test_copies_of_a_study_are_ranked_together() -> None:
    # The study drawn three times gives ranks 1 and 3·1 + 1 = 4, three times; the other 2 and 1.
    ranked = RankedScores.of(np.array([[9.0, 1.0], [1.0, 9.0]]))

    assert ranked.mean_ranks(np.array([[3.0, 1.0]]))[0].tolist() == [(3 * 1 + 2) / 4, (12 + 1) / 4]


def test_a_study_of_importance_counts_more_in_means_and_mean_ranks() -> None:
    ranked = RankedScores.of(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([3.0, 1.0]))

    assert ranked.means(np.ones((1, 2)))[0].tolist() == [0.75, 0.25]
    assert ranked.mean_ranks(np.ones((1, 2)))[0].tolist() == [1.25, 1.75]


def test_a_median_of_an_even_number_lies_between_the_middle_two() -> None:
    ranked = RankedScores.of(np.array([[1.0], [2.0], [4.0], [9.0]]))

    found = ranked.medians(np.array([[1.0, 1.0, 1.0, 1.0], [0, 2, 1, 0], [4, 0, 0, 0]]))

    assert found[:, 0].tolist() == [3.0, 2.0, 1.0]


def test_shares_and_intervals_are_those_of_the_resamples() -> None:
    # A hundred cohorts: the first is third in two of them, which is less than a tail of 2.5 %.
    drawn = np.array([[1, 2, 3]] * 90 + [[2, 1, 3]] * 8 + [[3, 1, 2]] * 2)

    assert rank_shares(drawn).tolist() == [[0.9, 0.08, 0.02], [0.1, 0.9, 0], [0, 0.02, 0.98]]
    assert rank_intervals(drawn).tolist() == [[1, 2], [1, 2], [3, 3]]


@methods
@given(scores=few, order=st.permutations(range(4)))
def test_ranks_follow_their_backends_whatever_the_order(
    method: RankMethod, scores: np.ndarray, order: list[int]
) -> None:
    weights = np.array([[1.0, 1, 1, 1, 1, 1], [0, 2, 1, 3, 0, 1]])

    found = RankedScores.of(scores[:, order]).ranks(method, weights)

    assert (found == RankedScores.of(scores).ranks(method, weights)[:, order]).all()


@methods
@given(scores=few)
def test_who_is_worse_in_every_study_is_never_first_alone(
    method: RankMethod, scores: np.ndarray
) -> None:
    beaten = np.column_stack([scores, scores[:, 0] - 1])
    weights = np.array([[1.0, 1, 1, 1, 1, 1], [0, 2, 1, 3, 0, 1]])

    found = RankedScores.of(beaten).ranks(method, weights)

    assert (found[:, 4] >= found[:, 0]).all()
    if method is not RankMethod.TESTS_WON:
        assert (found[:, 4] > found[:, 0]).all()


@methods
@given(scores=few)
def test_equal_backends_share_their_rank(method: RankMethod, scores: np.ndarray) -> None:
    twice = np.column_stack([scores, scores[:, 2]])

    found = RankedScores.of(twice).ranks(
        method, np.array([[1.0, 1, 1, 1, 1, 1], [0, 2, 1, 3, 0, 1]])
    )

    assert (found[:, 2] == found[:, 4]).all()


@given(
    drawn=arrays(np.intp, (3, 5), elements=st.integers(1, 5)),
    observed=arrays(np.intp, 5, elements=st.integers(1, 5)),
)
def test_agreement_of_ranks_is_that_of_scipy(drawn: np.ndarray, observed: np.ndarray) -> None:
    found = kendall_tau_b(drawn, observed)

    for row, value in zip(drawn, found, strict=True):
        assert value == pytest.approx(kendalltau(row, observed).statistic, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("scores", "says"),
    [(np.array([[1.0, np.nan]]), "a score is NaN"), (np.empty((0, 2)), "wanted \\(N, A\\)")],
)
def test_scores_that_are_missing_cannot_be_ranked(scores: np.ndarray, says: str) -> None:
    with pytest.raises(InvalidInputError, match=says):
        RankedScores.of(scores)


def test_no_test_is_won_by_rounding() -> None:
    scores = np.linspace(0.3, 0.9, 12)

    won = RankedScores.of(np.column_stack([scores, scores - 1e-14])).tests_won(np.ones((1, 12)))

    assert won.tolist() == [[0.0, 0.0]]
