"""Ranks in bootstrap resamples, where their probabilities are known."""

from __future__ import annotations

import pytest

from fakes.fake_comparison import compared, fake_comparison, looks, reading
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.scores import CaseScore


def points_off(*distances: float) -> list[CaseScore]:
    return [
        reading(n, hgg=n % 2 == 0, says=True, points=(0.0, mm)) for n, mm in enumerate(distances)
    ]


def of_points(report: Report) -> Ranking:
    return next(one for one in report.rankings if one.endpoint.name == "point.error_mm")


def test_two_patients_give_four_resamples_of_known_order() -> None:
    # Means 3 and 2.5; only the resample of the first patient twice, one in four, turns them round.
    first, second = of_points(compared(one=points_off(1, 5), other=points_off(4, 1))).ranks

    assert (first.arm, first.rank, first.low, first.high) == ("other", 1, 1, 2)
    assert (second.arm, second.rank, second.low, second.high) == ("one", 2, 1, 2)
    assert first.shares == pytest.approx((0.75, 0.25), abs=0.08)
    assert second.shares == pytest.approx((0.25, 0.75), abs=0.08)


def test_who_is_better_in_every_study_is_first_in_every_resample() -> None:
    ranking = of_points(compared(worse=points_off(9, 8, 7), better=points_off(1, 2, 3)))

    assert ranking.ranks == (
        Rank("better", 1, 1, 1, (1.0, 0.0)),
        Rank("worse", 2, 2, 2, (0.0, 1.0)),
    )


def test_equal_backends_share_the_better_rank() -> None:
    ranking = of_points(compared(one=points_off(1, 2), other=points_off(1, 2)))

    assert [(rank.rank, rank.shares) for rank in ranking.ranks] == [(1, (1.0, 0.0))] * 2


def test_the_primary_endpoint_comes_first_then_points_if_two_backends_give_them() -> None:
    grades_only = [reading(n, hgg=n % 4 != 0, says=True, site="a") for n in range(40)]

    both, one = fake_comparison(), compared(looks=looks(), grader=grades_only)

    names = [[ranking.endpoint.name for ranking in report.rankings] for report in (both, one)]
    assert names == [["balanced_accuracy", "point.error_mm"], ["balanced_accuracy"]]
    assert [rank.arm for rank in both.rankings[0].ranks] == ["looks", "declining", "constant"]
    assert all(sum(rank.shares) == pytest.approx(1) for rank in both.rankings[0].ranks)
