"""Numbers in print."""

from __future__ import annotations

import pytest

from gliobench.adapters.html.numbers import count, interval, listed, number, percent
from gliobench.domain.statistics.estimate import Estimate, Interval, NotEstimable


@pytest.mark.parametrize(
    ("value", "printed"), [(0.125, "0.12"), (-0.5, "−0.50"), (-0.001, "0.00"), (None, "–")]
)
def test_a_number_has_a_true_minus_and_no_negative_zero(value: float | None, printed: str) -> None:
    assert number(value) == printed


@pytest.mark.parametrize(
    ("share", "printed"),
    [
        (0.0, "0 %"),
        (0.004, "less than 1 %"),
        (0.944, "94 %"),
        (0.996, "more than 99 %"),
        (1.0, "100 %"),
        (None, "–"),
    ],
)
def test_a_share_is_called_all_or_none_only_where_it_is(share: float | None, printed: str) -> None:
    assert percent(share) == printed


def test_an_estimate_without_an_interval_prints_none() -> None:
    assert interval(NotEstimable("no study")) == ""
    assert interval(Estimate(0.5, NotEstimable("one patient"), n=3)) == ""
    assert interval(Estimate(0.5, Interval(0.25, 0.75), n=3)) == "0.25 to 0.75"


def test_nouns_follow_their_counts() -> None:
    assert [count(1, "study"), count(2, "study"), count(1200, "patient")] == [
        "1 study",
        "2 studies",
        "1,200 patients",
    ]


def test_words_are_joined_as_in_prose() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])] == [
        "a",
        "a and b",
        "a, b and c",
    ]
