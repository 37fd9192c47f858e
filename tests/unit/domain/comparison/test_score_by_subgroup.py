"""Scores and tests by subgroup, on cases where the answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_comparison import REFUSAL, reading
from gliobench.domain.comparison import score_by_subgroup as module
from gliobench.domain.comparison.report import Stratum, SubgroupScore, SubgroupTest
from gliobench.domain.comparison.score_by_subgroup import compare_subgroups, score_by_subgroup
from gliobench.domain.comparison.strata import named
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.scores import FormOutcome
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import (
    ACCURACY,
    BALANCED_ACCURACY,
    BRIER,
    CENTRE_ERROR,
    DICE,
    GRADING,
    HIT,
    MCC,
    SENSITIVITY,
    WORST_MM,
    Measure,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured, NotEstimable
from gliobench.domain.statistics.multiplicity import holm

SEX = named("sex", ["F", "M"] * 20, ["F", "M"])
HALF = named("half", ["first"] * 20 + ["second"] * 20, ["first", "second"])


@pytest.fixture(scope="module")
def table() -> CaseTable:
    """40 studies, of which every other is of a woman; it is right of men only, and fails once.

    Points of women are 10 mm off, those of men at the tumour.
    """
    cases = []
    for number in range(40):
        is_man, hgg = number % 2 == 1, number % 4 < 2
        says = REFUSAL if number == 1 else float(hgg == is_man)
        points = REFUSAL if number == 1 else ((0.0, 0.0) if is_man else (0.0, 10.0))
        cases.append(reading(number, hgg=hgg, says=says, points=points))
    return CaseTable.of(cases)


def score(part: Stratum, measure: Measure, form: Form | None = None) -> SubgroupScore:
    (row,) = part.rows
    return next(one for one in row.scores if (one.measure, one.form) == (measure, form))


def value(part: Stratum, measure: Measure, form: Form | None = None) -> float:
    found = score(part, measure, form).value
    assert isinstance(found, Estimate)
    return found.value


def test_every_measure_is_scored_in_every_subgroup_failures_included(table: CaseTable) -> None:
    women, men = score_by_subgroup({"one": table}, [SEX], seed=0)

    assert [(part.rows[0].n, part.rows[0].n_failed) for part in (women, men)] == [(20, 0), (20, 1)]
    assert (value(women, ACCURACY), value(men, ACCURACY)) == (0.0, 0.95)
    assert value(men, SENSITIVITY) == 0.9  # s001 is HGG, and failed
    assert value(men, BALANCED_ACCURACY) == pytest.approx(0.95)
    assert value(women, CENTRE_ERROR, Form.POINT) == pytest.approx(10.0)
    assert value(men, CENTRE_ERROR, Form.POINT) == pytest.approx(WORST_MM / 20)
    assert (value(women, HIT, Form.POINT), value(men, HIT, Form.POINT)) == (0.0, 0.95)
    assert value(women, MCC) == -1.0  # wrong of every woman, and sure of it
    assert (value(women, BRIER), value(men, BRIER)) == (1.0, 0.05)
    assert {score.measure for score in women.rows[0].scores if score.form is None} == set(GRADING)
    assert women.rows[0].accuracy == score(women, ACCURACY).value
    assert men.rows[0].error_mm == score(men, CENTRE_ERROR, Form.POINT).value


def test_a_subgroup_in_which_all_failed_scores_worst_in_every_region() -> None:
    found = {"WT_dice": 0.8, "ET_dice": 0.6, "WT_reference_mm3": 9.0, "ET_reference_mm3": 3.0}
    worst = found | {"WT_dice": 0.0, "ET_dice": 0.0}
    cases = [
        replace(
            reading(number, hgg=True),
            localisation={
                Form.MASK: FormOutcome(worst, REFUSAL) if number < 20 else FormOutcome(found)
            },
        )
        for number in range(40)
    ]

    failed, answered = score_by_subgroup({"cnn": CaseTable.of(cases)}, [HALF], seed=0)

    def dice(part: Stratum) -> dict[Region | None, Measured]:
        (row,) = part.rows
        return {score.region: score.value for score in row.scores if score.measure == DICE}

    assert [item.value for item in dice(failed).values() if isinstance(item, Estimate)] == [
        0.0,
        0.0,
    ]
    assert dice(failed).keys() == dice(answered).keys() == {Region.WT, Region.ET}


def test_measures_that_need_drawn_cohorts_are_left_out_of_large_parts(
    table: CaseTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_DRAWN", 19)

    women, _ = score_by_subgroup({"one": table}, [SEX], seed=0)

    assert score(women, MCC).value == module.NOT_DRAWN
    assert value(women, ACCURACY) == 0.0


def test_the_detectable_difference_follows_from_the_widths_of_both_intervals(
    table: CaseTable,
) -> None:
    women, men = score_by_subgroup({"one": table}, [SEX], seed=0)

    widths = []
    for part in (women, men):
        found = score(part, ACCURACY).value
        assert isinstance(found, Estimate)
        assert isinstance(found.interval, Interval)
        widths.append(found.interval.high - found.interval.low)
    # (1.960 + 0.842) standard errors of the difference, each a width over twice 1.960
    expected = (1.960 + 0.842) / (2 * 1.960) * np.hypot(*widths)
    assert score(women, ACCURACY).detectable == pytest.approx(expected, rel=1e-3)
    assert score(men, ACCURACY).detectable == score(women, ACCURACY).detectable
    assert isinstance(score(women, CENTRE_ERROR, Form.POINT).detectable, NotEstimable)


def found_by(tests: list[SubgroupTest], measure: Measure) -> dict[str, SubgroupTest]:
    return {test.by: test for test in tests if test.measure is measure}


def test_subgroups_that_differ_are_found_and_corrected_over_the_properties(
    table: CaseTable,
) -> None:
    tests = list(compare_subgroups({"one": table}, [SEX, HALF], seed=0))

    for measure in (ACCURACY, BALANCED_ACCURACY, BRIER, CENTRE_ERROR, HIT):
        sex, half = (found_by(tests, measure)[by] for by in ("sex", "half"))
        assert isinstance(sex.p, float)
        assert isinstance(half.p, float)
        assert (sex.adjusted, half.adjusted) == holm([sex.p, half.p])
    assert found_by(tests, BALANCED_ACCURACY)["sex"].is_significant
    assert not found_by(tests, BALANCED_ACCURACY)["half"].is_significant


def test_a_property_with_too_few_studies_is_not_counted_in_the_correction(
    table: CaseTable,
) -> None:
    rare = named("rare", ["yes"] * 3 + ["no"] * 37, ["yes", "no"])

    tests = list(compare_subgroups({"one": table}, [SEX, rare], seed=0))

    sex, few = (found_by(tests, ACCURACY)[by] for by in ("sex", "rare"))
    assert isinstance(few.p, NotEstimable)
    assert sex.adjusted == sex.p


def test_a_backend_that_answers_nothing_has_no_test() -> None:
    silent = CaseTable.of([reading(number, hgg=True) for number in range(40)])

    assert list(compare_subgroups({"one": silent}, [SEX], seed=0)) == []
