"""Ranks in bootstrap resamples, where their probabilities are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_comparison import (
    cohort_of,
    compared,
    fake_comparison,
    looks,
    reading,
    saved_run,
    says_hgg,
)
from fakes.form_scores import mask_score, region_score
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.contest import Contest
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.rank_backends import resamples
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import BRATS_2023_DICE
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Interval
from gliobench.domain.statistics.rank_methods import RankedScores, RankMethod
from gliobench.domain.statistics.sampling import SamplingPlan


def points_off(*distances: float) -> list[CaseScore]:
    return [
        reading(n, hgg=n % 2 == 0, says=True, points=(0.0, mm)) for n, mm in enumerate(distances)
    ]


def of_points(report: Report, method: RankMethod = RankMethod.MEAN) -> Ranking:
    return ranked(report, "point.error_mm", method)


def ranked(report: Report, endpoint: str, method: RankMethod = RankMethod.MEAN) -> Ranking:
    of_endpoint = (one for one in report.rankings if one.endpoint and one.endpoint.name == endpoint)
    return next(one for one in of_endpoint if one.method is method)


def places(ranking: Ranking) -> dict[str, int]:
    return {rank.arm: rank.rank for rank in ranking.ranks}


def masks(*dice: float, hd95_mm: float = 5.0, lesion_wise: float | None = None) -> list[CaseScore]:
    """Score the whole tumour and its core by these overlaps, and their surfaces by one distance.

    Args:
        dice: By study.
        hd95_mm: Of all.
        lesion_wise: Dice of BraTS 2023, of all whole tumours; None where it was not asked for.
    """
    regions = (Region.WT, Region.TC)
    more = {} if lesion_wise is None else {BRATS_2023_DICE.score_name(Region.WT): lesion_wise}
    return [
        replace(
            reading(n, hgg=n % 2 == 0),
            localisation={
                Form.MASK: FormOutcome(
                    mask_score(
                        {name: region_score(value, 0.5, hd95_mm, 0.5, None) for name in regions}
                    )
                    | more
                )
            },
        )
        for n, value in enumerate(dice)
    ]


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


def test_two_backends_are_ranked_by_the_endpoints_themselves_the_primary_one_first() -> None:
    grades_only = [reading(n, hgg=n % 4 != 0, says=True, site="a") for n in range(40)]

    both, one = compared(looks=looks(), other=looks()), compared(looks=looks(), grader=grades_only)

    names = [[ranking.name for ranking in report.rankings] for report in (both, one)]
    assert names == [["balanced_accuracy", "point.error_mm"], ["balanced_accuracy"]]


def test_three_backends_are_ranked_by_each_method_that_the_scores_allow() -> None:
    report = fake_comparison()

    assert [ranking.name for ranking in report.rankings] == [
        "balanced_accuracy",
        "balanced_accuracy.mean_rank",
        "balanced_accuracy.tests_won",
        "point.error_mm",
        "point.error_mm.median",
        "point.error_mm.mean_rank",
        "point.error_mm.tests_won",
    ]
    assert [rank.arm for rank in report.rankings[0].ranks] == ["looks", "declining", "constant"]
    for ranking in report.rankings:
        assert all(sum(rank.shares) == pytest.approx(1) for rank in ranking.ranks)


def test_aurocs_are_ranked_by_their_values_alone() -> None:
    three = {name: looks() for name in ("one", "other", "third")}

    report = compared(primary=AUROC, **three)

    assert [item.name for item in report.rankings if item.endpoint == AUROC] == ["auroc"]


def test_one_outlier_costs_the_mean_and_neither_the_median_nor_the_mean_rank() -> None:
    # Means 6, 4 and 32; medians 1, 4 and 31.5; mean ranks 1.25, 1.75 and 3. Every p is above 0.05.
    runs = {"often": (1, 1, 1, 21), "never": (4, 4, 4, 4), "last": (28, 30, 33, 37)}

    report = compared(**{name: points_off(*off) for name, off in runs.items()})

    found = {method: places(of_points(report, method)) for method in RankMethod}
    assert found[RankMethod.MEAN] == {"never": 1, "often": 2, "last": 3}
    assert found[RankMethod.MEDIAN] == found[RankMethod.MEAN_RANK]
    assert found[RankMethod.MEDIAN] == {"often": 1, "never": 2, "last": 3}
    assert set(found[RankMethod.TESTS_WON].values()) == {1}


def test_mean_ranks_by_balanced_accuracy_count_both_grades_the_same() -> None:
    # One is right in 9 of 30 HGG and all 10 LGG, two give one grade each time. With each LGG counted
    # three times, mean ranks are (9 + 42 + 30) / 60, (27 + 42 + 30) / 60 and (30 + 90) / 60; else the
    # one that always says HGG would be first.
    finds, lgg = (
        [reading(n, hgg=hgg, says=hgg and n < most) for n, hgg in enumerate(cohort_of())]
        for most in (12, 0)
    )
    report = compared(finds=finds, lgg=lgg, hgg=says_hgg())

    assert places(ranked(report, "balanced_accuracy")) == {"finds": 1, "lgg": 2, "hgg": 2}
    by_rank = ranked(report, "balanced_accuracy", RankMethod.MEAN_RANK)
    assert places(by_rank) == {"finds": 1, "lgg": 2, "hgg": 3}


def test_several_runs_of_one_model_rank_as_one_by_their_mean_score_of_a_study() -> None:
    # Means of the seeds: (1 + 5) / 2 and (3 + 7) / 2, so 3 and 5, which is 4; the others 3 and 6.
    seed = BackendFacts(family="net")
    runs = {
        "seed-1": saved_run("seed-1", points_off(1, 3), facts=seed),
        "better": saved_run("better", points_off(3, 3)),
        "seed-2": saved_run("seed-2", points_off(5, 7), facts=seed),
        "worse": saved_run("worse", points_off(6, 6)),
    }

    ranking = of_points(ReportRuns(bootstrap=BootstrapOptions(replicates=200))(runs))

    assert [(rank.arm, rank.rank, rank.arms) for rank in ranking.ranks] == [
        ("better", 1, ("better",)),
        ("net", 2, ("seed-1", "seed-2")),
        ("worse", 3, ("worse",)),
    ]


def test_masks_are_ranked_by_all_measures_together() -> None:
    # Ranks by four measures: Dice of both regions 1, 2, 3 and HD95 of both 3, 1, 2 in either study.
    runs = {
        "overlaps": masks(0.9, 0.8, hd95_mm=9),
        "near": masks(0.7, 0.6, hd95_mm=2),
        "last": masks(0.5, 0.4, hd95_mm=5),
    }

    (ranking,) = [one for one in compared(**runs).rankings if one.endpoint is None]

    assert ranking.measures == ("WT_dice", "TC_dice", "WT_hd95_mm", "TC_hd95_mm")
    assert ranking.name == "all_regions.dice"
    assert places(ranking) == {"near": 1, "overlaps": 2, "last": 3}
    assert (ranking.n, ranking.tau) == (2, Estimate(1.0, Interval(1.0, 1.0), 2))


def test_lesion_wise_scores_are_ranked_together_apart_from_those_of_whole_regions() -> None:
    runs = {
        "one": masks(0.9, 0.8, lesion_wise=0.1),
        "other": masks(0.7, 0.6, lesion_wise=0.3),
        "third": masks(0.5, 0.4, lesion_wise=0.2),
    }

    found = {one.name: one for one in compared(**runs).rankings if one.endpoint is None}

    assert list(found) == ["all_regions.dice", "all_regions.brats2023_dice"]
    assert places(found["all_regions.dice"]) == {"one": 1, "other": 2, "third": 3}
    assert found["all_regions.brats2023_dice"].measures == ("WT_brats2023_dice",)
    assert places(found["all_regions.brats2023_dice"]) == {"other": 1, "third": 2, "one": 3}


def test_two_sets_of_masks_are_not_ranked_together() -> None:
    assert compared(one=masks(0.9, 0.8), other=masks(0.7, 0.6)).rankings == ()


def test_a_large_cohort_is_drawn_less_often() -> None:
    contest = Contest(RankedScores.of(np.ones((50_000, 3))), SamplingPlan.of(range(50_000)))

    assert [
        resamples(contest, method, BootstrapOptions(replicates=10_000))
        for method in (RankMethod.MEAN, RankMethod.MEAN_RANK)
    ] == [10_000, 335]
