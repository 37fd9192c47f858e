"""What may be said of two backends, on cohorts where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_comparison import REFUSAL, compared, reading
from fakes.form_scores import point_score
from gliobench.domain.comparison.build_report import draw_claims, tracking_claim
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import FAILURES, Claim, Family, Pair, Test, Tracking, Verdict
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.predictions.prediction import Failure, Form
from gliobench.domain.statistics.estimate import Estimate, Interval, NotEstimable


def points_off(errors_mm: Sequence[float | Failure], *, visits: int = 1) -> list[CaseScore]:
    """Point so many mm off; every grade is right."""
    return [
        reading(
            number,
            hgg=number % 4 != 0,
            says=number % 4 != 0,
            points=off if isinstance(off, Failure) else (0.0, off),
            patient=f"p{number // visits:03}",
        )
        for number, off in enumerate(errors_mm)
    ]


def pair_of(
    first: Sequence[float | Failure], second: Sequence[float | Failure], **options: int
) -> Pair:
    (pair,) = compared(
        first=points_off(first, **options), second=points_off(second, **options)
    ).pairs
    return pair


SPREAD = np.linspace(0.0, 2.0, 120).tolist()
"""What makes 120 errors differ."""


def test_a_mean_that_is_better_beyond_what_failures_could_cost_is_better_on_average() -> None:
    pair = pair_of([5 + one for one in SPREAD], [60 + one for one in SPREAD[::-1]])

    claim = pair.claim(POINT_ERROR)
    assert claim == Claim(better="first", typically="first")
    assert claim.verdict is Verdict.APART
    assert claim.winner == "first"


def test_a_mean_that_a_few_failures_could_turn_is_claimed_in_the_typical_study_alone() -> None:
    pair = pair_of([5 + one for one in SPREAD], [9 + one for one in SPREAD[::-1]])

    claim = pair.claim(POINT_ERROR)
    assert claim == Claim(better=None, typically="first")
    assert claim.verdict is Verdict.TYPICAL


@pytest.mark.parametrize("failures", [1, 2, 3])
def test_one_to_three_failures_decide_nothing(failures: int) -> None:
    first = [5 + one for one in SPREAD]
    second: list[float | Failure] = [5 + one for one in SPREAD[::-1]]
    second[:failures] = [REFUSAL] * failures

    pair = pair_of(first, second)

    mean = pair.difference(POINT_ERROR)
    assert isinstance(mean, Estimate)
    assert mean.value < -3 * failures + 1
    assert pair.claim(POINT_ERROR) == Claim(better=None, typically=None)
    assert pair.claim(POINT_ERROR).verdict is Verdict.OPEN
    assert pair.fails_more is None


def test_answers_that_find_no_tumour_weigh_as_failures_do() -> None:
    cases = points_off([5 + one for one in SPREAD[::-1]])
    nowhere = FormOutcome(point_score(WORST_MM, hit=False))
    lost = [replace(case, localisation={Form.POINT: nowhere}) for case in cases[:3]]

    (pair,) = compared(first=points_off([5 + one for one in SPREAD]), second=lost + cases[3:]).pairs

    mean = pair.difference(POINT_ERROR)
    assert isinstance(mean, Estimate)
    assert mean.value < -8
    assert pair.claim(POINT_ERROR).better is None
    test = pair.mean_test(POINT_ERROR)
    assert test is not None
    assert isinstance(test.p, float)
    assert test.p > 0.1


def test_one_that_is_nearer_and_fails_now_and_then_is_better_in_the_typical_study_alone() -> None:
    # its mean is 7.5 mm better here, as it would be worse with two failures more
    first: list[float | Failure] = [5 + one for one in SPREAD]
    first[:3] = [REFUSAL] * 3

    pair = pair_of(first, [22 + one for one in SPREAD[::-1]])

    assert pair.claim(POINT_ERROR) == Claim(better=None, typically="first")


def test_many_failures_make_a_mean_worse_though_the_typical_study_is_better() -> None:
    first: list[float | Failure] = [5 + one for one in SPREAD]
    first[:24] = [REFUSAL] * 24

    pair = pair_of(first, [9 + one for one in SPREAD[::-1]])

    claim = pair.claim(POINT_ERROR)
    assert claim == Claim(better="second", typically="first")
    assert claim.verdict is Verdict.TORN
    assert claim.winner is None
    assert pair.fails_more == "first"


def test_equal_means_with_a_heavy_tail_are_not_told_apart_on_average() -> None:
    # a tenth of the first's answers is 100 mm off, the others 10 mm nearer than the second's
    first = [100.0 if number % 10 == 0 else 8 + one for number, one in enumerate(SPREAD)]
    second = [18 + one for one in SPREAD[::-1]]

    pair = pair_of(first, second)

    claim = pair.claim(POINT_ERROR)
    assert claim.better is None
    assert claim.typically == "first"


def test_ranks_that_most_studies_speak_against_claim_nothing() -> None:
    # nearer in 70 of 120 studies by a millimetre, further in 50 by 30: most and the shift disagree
    second = [30 + one for one in SPREAD]
    first = [one - 1 if number < 70 else one + 30 for number, one in enumerate(second)]

    pair = pair_of(first, second)

    ranks = pair.rank_test(POINT_ERROR)
    assert ranks is not None
    assert ranks.is_significant
    assert pair.claim(POINT_ERROR).typically is None


def test_patients_who_came_thrice_support_no_more_than_once() -> None:
    first, second = [5 + one for one in SPREAD], [45 + one for one in SPREAD[::-1]]

    thrice = pair_of(first, second, visits=3)

    # 40 patients leave room for 9 % of failures, 120 for 3 %
    assert thrice.claim(POINT_ERROR) == Claim(better=None, typically="first")
    assert pair_of(first, second).claim(POINT_ERROR).better == "first"


def test_fewer_than_six_failures_are_no_test_and_six_of_one_alone_are() -> None:
    def failing(count: int) -> Test:
        first: list[float | Failure] = [5 + one for one in SPREAD]
        first[:count] = [REFUSAL] * count
        test = pair_of(first, SPREAD).test(Family.LEAD, FAILURES)
        assert test is not None
        return test

    assert isinstance(failing(5).p, NotEstimable)
    assert failing(6).p == 2 / 2**6


def test_what_was_not_tested_is_not_claimed() -> None:
    pair = pair_of(SPREAD, SPREAD)

    assert pair.claim(Endpoint(measures.DICE, Form.MASK)).verdict is Verdict.UNTESTED
    assert pair.claim(BALANCED_ACCURACY).verdict is Verdict.OPEN


def test_the_primary_endpoint_pays_for_half_of_the_lead_and_all_else_for_the_other_half() -> None:
    found = compared(
        first=points_off(SPREAD), second=points_off(SPREAD[::-1]), third=points_off(SPREAD)
    )

    tests = [test for pair in found.pairs for test in pair.tests if test.family is Family.LEAD]
    tests += [arm.follows for arm in found.arms if arm.follows]
    smallest = Test(Family.LEAD, BALANCED_ACCURACY.name, 0.001, 0.001)
    (alone,), _ = draw_claims([smallest], [], BALANCED_ACCURACY)
    assert alone is not None
    assert alone.adjusted == 0.001
    # three pairs of a primary endpoint have a sixth of the level each, where anything else is tested
    others = [Test(Family.LEAD, "x", 1.0, 1.0)] * 1
    primary = [Test(Family.LEAD, BALANCED_ACCURACY.name, p, p) for p in (0.001, 1.0, 1.0)]
    adjusted, _ = draw_claims([*primary, *others], [], BALANCED_ACCURACY)
    assert [test.adjusted for test in adjusted if test] == pytest.approx([0.006, 1.0, 1.0, 1.0])
    assert {test.of for test in tests} >= {"balanced_accuracy", "point.error_mm", FAILURES}


def test_answers_are_said_to_follow_only_where_interval_and_corrected_test_agree() -> None:
    sure = Test(Family.LEAD, "tracking_index", 0.001, 0.01)
    doubtful = Test(Family.LEAD, "tracking_index", 0.03, 0.2)
    high = Estimate(0.8, Interval(0.6, 0.9), 60)
    low = Estimate(0.05, Interval(-0.1, 0.15), 60)

    assert tracking_claim(high, sure) is Tracking.FOLLOWS
    assert tracking_claim(low, sure) is Tracking.HARDLY
    assert tracking_claim(high, doubtful) is None
    assert tracking_claim(Estimate(0.6, Interval(0.4, 0.7), 60), sure) is None
    assert tracking_claim(Estimate(0.8, NotEstimable("too few"), 20), sure) is None
