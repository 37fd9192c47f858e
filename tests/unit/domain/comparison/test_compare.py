"""Which backend is better, on cases where that is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_comparison import REFUSAL, compared, declines, looks, reading, says_hgg
from gliobench.domain.comparison.endpoints import AUROC, BALANCED_ACCURACY, Endpoint
from gliobench.domain.comparison.pair import Family, Pair
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics import measures
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import Estimate, Interval, NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar
from gliobench.domain.statistics.multiplicity import holm
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.statistics.wilcoxon import SignedRank

POINT_ERROR = Endpoint(measures.CENTRE_ERROR, Form.POINT)


@pytest.fixture(scope="module")
def comparison() -> Report:
    return compared(looks=looks(), constant=says_hgg(), declining=declines())


def only_pair(comparison: Report) -> Pair:
    (pair,) = comparison.pairs
    return pair


def test_two_identical_backends_differ_nowhere() -> None:
    pair = only_pair(compared(one=looks(), other=looks()))

    assert len(pair.differences) == 14
    for one in pair.differences:
        assert isinstance(one.value, Estimate)
        assert one.value.value == 0.0
        assert isinstance(one.value.interval, NotEstimable)
    assert not any(test.is_significant for test in pair.tests)
    assert {test.p for test in pair.tests if isinstance(test.p, float)} == {1.0}
    assert pair.detectable is not None
    assert isinstance(pair.detectable.accuracy, NotEstimable)


def test_a_better_backend_is_found_better() -> None:
    pair = only_pair(compared(looks=looks(), constant=says_hgg()))

    balanced, error = pair.difference(BALANCED_ACCURACY), pair.difference(POINT_ERROR)
    assert isinstance(balanced, Estimate)
    assert isinstance(balanced.interval, Interval)
    assert balanced.interval.low > 0
    # 30 HGG with 4 wrong and 10 LGG with none, against 30 right and 10 wrong
    assert balanced.value == pytest.approx((26 / 30 + 1) / 2 - 0.5)
    assert isinstance(error, Estimate)
    assert error.value < -5
    told = {test.of for test in pair.tests if test.is_significant}
    assert {"balanced_accuracy", "LGG", "point.error_mm, ranks"} <= told


def test_swapping_the_order_turns_every_sign() -> None:
    there = only_pair(compared(looks=looks(), declining=declines()))
    back = only_pair(compared(declining=declines(), looks=looks()))

    for one, other in zip(there.differences, back.differences, strict=True):
        assert isinstance(one.value, Estimate)
        assert isinstance(other.value, Estimate)
        assert one.endpoint == other.endpoint
        assert one.value.value == pytest.approx(-other.value.value)
    right, left = there.right["all"], back.right["all"]
    assert isinstance(right, McNemar)
    assert isinstance(left, McNemar)
    assert (right.only_first, right.only_second) == (left.only_second, left.only_first)
    assert [test.p for test in there.tests] == pytest.approx([test.p for test in back.tests])
    shift, shift_back = there.shifts[Form.POINT], back.shifts[Form.POINT]
    assert isinstance(shift, SignedRank)
    assert isinstance(shift_back, SignedRank)
    assert shift.shift.value == pytest.approx(-shift_back.shift.value)


def test_one_grade_alone_tells_nothing_of_balanced_accuracy_or_auroc() -> None:
    hgg = [case for case in looks() if case.reference_grade and case.reference_grade.value == "HGG"]

    pair = only_pair(compared(looks=hgg, other=hgg))

    assert pair.difference(BALANCED_ACCURACY) == NotEstimable("it is not defined for these studies")
    assert isinstance(pair.auroc, NotEstimable)
    assert isinstance(pair.right["LGG"], NotEstimable)
    primary = pair.test(Family.LEAD, "balanced_accuracy")
    assert primary is not None
    assert isinstance(primary.p, NotEstimable)
    assert isinstance(primary.adjusted, NotEstimable)


def test_a_perfect_backend_beats_a_constant_one_though_no_draw_shows_doubt() -> None:
    perfect = [reading(n, hgg=n % 2 == 0, says=n % 2 == 0) for n in range(40)]
    constant = [reading(n, hgg=n % 2 == 0, says=True) for n in range(40)]

    pair = only_pair(compared(perfect=perfect, constant=constant))

    difference = pair.difference(BALANCED_ACCURACY)
    assert isinstance(difference, Estimate)
    assert difference.value == 0.5
    test = pair.test(Family.LEAD, "balanced_accuracy")
    assert test is not None
    assert test.is_significant


def test_two_lgg_decide_nothing_whatever_the_bootstrap_says() -> None:
    perfect = [reading(n, hgg=n > 1, says=n > 1) for n in range(40)]
    constant = [reading(n, hgg=n > 1, says=True) for n in range(40)]

    pair = only_pair(compared(perfect=perfect, constant=constant))

    assert not any(test.is_significant for test in pair.tests)


def test_a_failure_counts_as_wrong_and_as_worst(comparison: Report) -> None:
    declining = comparison.arms[2]

    assert declining.failures[0].n == 8
    treated, answered = (
        getattr(declining.summary.everyone, way) for way in ("intention_to_treat", "answered_only")
    )
    assert treated.grading.measures[measures.ACCURACY].value == 32 / 40
    assert answered.grading.measures[measures.ACCURACY].value == 1.0
    assert isinstance(declining.calibration, Reliability)
    assert declining.calibration.n == 32


def test_each_family_is_corrected_over_all_pairs(comparison: Report) -> None:
    for family in Family:
        tests = [arm.follows for arm in comparison.arms if arm.follows]
        tests += [test for pair in comparison.pairs for test in pair.tests]
        tests = [test for test in tests if test.family is family]
        made = [test.p for test in tests if isinstance(test.p, float)]
        adjusted = [test.adjusted for test in tests if isinstance(test.adjusted, float)]
        primary = [test.of == "balanced_accuracy" for test in tests if isinstance(test.p, float)]
        weights = [1 / sum(primary) if one else 1 / primary.count(False) for one in primary]
        assert adjusted == pytest.approx(holm(made, weights if any(primary) else None))


def test_a_backend_without_probabilities_has_no_auroc_and_says_so(comparison: Report) -> None:
    constant, looking = comparison.arms[1], comparison.pairs[1]

    assert constant.calibration == NotEstimable("it gives no probabilities")
    assert comparison.pairs[0].auroc == NotEstimable("one of the two gives no probabilities")
    assert comparison.pairs[0].difference(AUROC) is None
    assert isinstance(looking.auroc, PairedAuroc)


def test_a_backend_that_stays_in_the_middle_is_one(comparison: Report) -> None:
    indices = [arm.biases[0].measured for arm in comparison.arms]

    assert all(isinstance(one, PositionBias) for one in indices)
    values = [one.tracking.value for one in indices]  # type: ignore[union-attr]
    assert values[0] > 0.8
    assert values[1] == pytest.approx(0.0)


def test_only_studies_that_all_have_are_compared() -> None:
    comparison = compared(whole=looks(), part=looks()[:30])

    assert comparison.cohort.n_studies == 30
    assert comparison.arms[0].summary.n_studies == 30
    assert [finding.kind.value for finding in comparison.findings] == ["partial run"]


def test_parts_of_the_cohort_are_the_same_for_all(comparison: Report) -> None:
    grades = [one for one in comparison.subgroups if one.by == "grade"]

    assert [(one.name, [row.n for row in one.rows]) for one in grades] == [
        ("LGG", [10, 10, 10]),
        ("HGG", [30, 30, 30]),
    ]
    spared = grades[0].rows[1]
    assert isinstance(spared.accuracy, Estimate)
    assert spared.accuracy.value == 0.0
    assert isinstance(spared.balanced_accuracy, NotEstimable)


@pytest.mark.parametrize("name", ["point.error_mm", "auroc", "brier", "sensitivity"])
def test_another_endpoint_may_be_declared_the_primary_one(name: str) -> None:
    comparison = compared(primary=Endpoint.parse(name), looks=looks(), declining=declines())

    assert only_pair(comparison).test(Family.LEAD, name) is not None
    assert comparison.primary.name == name


def test_runs_that_answer_nothing_in_common_are_compared_all_the_same() -> None:
    graded = [replace(case, localisation={}) for case in looks()]
    placed = [replace(case, grade=None) for case in looks()]

    pair = only_pair(compared(graded=graded, placed=placed))

    assert pair.differences == ()
    assert pair.detectable is None
    assert all(isinstance(test.p, NotEstimable) for test in pair.tests)


def test_a_backend_that_failed_everywhere_is_still_compared() -> None:
    failed = [
        reading(n, hgg=n % 4 != 0, says=REFUSAL, points=REFUSAL, site=f"site{n % 3}")
        for n in range(40)
    ]

    comparison = compared(looks=looks(), failed=failed)

    assert isinstance(comparison.arms[1].biases[0].measured, NotEstimable)
    assert only_pair(comparison).test(Family.LEAD, "balanced_accuracy").is_significant  # type: ignore[union-attr]


def test_a_difference_is_that_of_what_is_said_of_each_alone(comparison: Report) -> None:
    summaries = {arm.name: arm.summary.everyone.intention_to_treat for arm in comparison.arms}

    for pair in comparison.pairs:
        for one in pair.differences:
            values = []
            for name in (pair.first, pair.second):
                rows = [
                    row for row in summaries[name].localisation if row.form is one.endpoint.form
                ]
                grading = summaries[name].grading
                measured = (rows[0] if rows else grading).measures[one.endpoint.measure]  # type: ignore[union-attr]
                values.append(measured.value if isinstance(measured, Estimate) else None)
            assert isinstance(one.value, Estimate) == (None not in values)
            if isinstance(one.value, Estimate):
                assert one.value.value == pytest.approx(values[0] - values[1])


def test_a_part_of_the_cohort_has_its_own_error(comparison: Report) -> None:
    hgg = next(one for one in comparison.subgroups if one.name == "HGG")
    errors_mm = [(4 * (number % 3 - 1) ** 2 + 1) ** 0.5 for number in range(40) if number % 4 != 0]

    assert isinstance(hgg.rows[0].error_mm, Estimate)
    assert hgg.rows[0].error_mm.value == pytest.approx(sum(errors_mm) / 30)


def thrice(cases: list[CaseScore]) -> list[CaseScore]:
    """Have every patient come three times, with the same outcome."""
    return [
        replace(case, study_id=f"{case.study_id}-{visit}") for case in cases for visit in range(3)
    ]


def test_patients_who_came_three_times_are_no_more_evidence_than_once() -> None:
    # of 10 patients on whom the two fall out, the first is right, and nearer, in 8
    better = {n: n % 5 != 0 for n in range(10)}
    first = [
        reading(n, hgg=n % 2 == 0, says=(n % 2 == 0) == better.get(n, True), points=(0.0, 1.0))
        for n in range(40)
    ]
    second = [
        reading(n, hgg=n % 2 == 0, says=(n % 2 == 0) != better.get(n, False), points=(0.0, off))
        for n in range(40)
        for off in [1.0 + (n + 1) / 20 * {True: 1, False: -1, None: 0}[better.get(n)]]
    ]

    once = only_pair(compared(first=first, second=second))
    often = only_pair(compared(first=thrice(first), second=thrice(second)))

    right = once.right["all"]
    assert isinstance(right, McNemar)
    assert (right.only_first, right.only_second) == (8, 2)
    assert p_of(once, Family.GRADES, "all") == right.mid_p
    assert p_of(often, Family.GRADES, "all") == pytest.approx(right.exact_p, abs=0.015)
    nearer = p_of(once, Family.LEAD, "point.error_mm, ranks")
    assert 0.03 < nearer < 0.1
    assert p_of(often, Family.LEAD, "point.error_mm, ranks") == pytest.approx(nearer, rel=0.3)


def test_patients_who_came_twice_leave_delongs_test_unmade() -> None:
    pair = only_pair(compared(looks=thrice(looks()), declining=thrice(declines())))

    assert isinstance(pair.auroc, PairedAuroc)
    assert isinstance(pair.auroc.p, NotEstimable)
    assert "patients have several studies" in pair.auroc.p.reason
    assert pair.detectable is not None
    assert pair.detectable.auroc == pair.auroc.p


def p_of(pair: Pair, family: Family, of: str) -> float:
    test = pair.test(family, of)
    assert test is not None
    assert isinstance(test.p, float)
    return test.p
