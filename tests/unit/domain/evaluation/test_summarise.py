"""Summaries of small runs, worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fakes.form_scores import box_score, mask_score, point_score, region_score
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome, Scores
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.evaluation.summarise import mixed_sites, summarise
from gliobench.domain.evaluation.summary import FormSummary, GradingSummary, Summary
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.metrics.measures import WORST_MM, Measure
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.statistics.estimate import NO_STUDY, Estimate, Interval, NotEstimable
from gliobench.domain.studies.study import Grade

HGG, LGG = Grade.HGG, Grade.LGG
REFUSAL = Failure(FailureReason.REFUSAL, "no")
GOOD = region_score(dice=0.9, iou=0.8, hd95_mm=2.0, nsd=0.95, volume_error_mm3=-10.0)


def case(
    number: int,
    *,
    reference: Grade | None = HGG,
    grade: GradePrediction | Failure | None = None,
    site: str | None = "CBICA",
    patient: str | None = None,
    scores: Mapping[Form, Scores | Failure | None] | None = None,
) -> CaseScore:
    outcomes = {
        form: FormOutcome(worst_scores(form), score)
        if isinstance(score, Failure)
        else FormOutcome(score or {})
        for form, score in (scores or {}).items()
    }
    return CaseScore(
        study_id=f"s{number}",
        patient_id=patient or f"p{number}",
        site=site,
        reference_grade=reference,
        grade=grade,
        localisation=outcomes,
    )


def grading(summary: Summary) -> GradingSummary:
    assert summary.grading is not None
    return summary.grading


def row(summary: Summary, form: Form, region: Region | None = None) -> FormSummary:
    (found,) = (one for one in summary.localisation if (one.form, one.region) == (form, region))
    return found


def values(summary: FormSummary | GradingSummary) -> dict[Measure, float | None]:
    return {
        measure: None if isinstance(measured, NotEstimable) else measured.value
        for measure, measured in summary.measures.items()
    }


GRADED = [
    case(1, grade=GradePrediction(HGG, 0.9)),
    case(2, grade=GradePrediction(LGG, 0.4)),
    case(3, grade=REFUSAL),
    case(4, reference=LGG, grade=GradePrediction(LGG, 0.1)),
    case(5, reference=LGG, grade=REFUSAL),
]


def test_a_failed_grade_is_the_wrong_grade_where_all_are_counted() -> None:
    counted = grading(summarise(GRADED).everyone.intention_to_treat)

    assert counted.confusion == ConfusionMatrix(
        true_positive=1, false_negative=2, false_positive=1, true_negative=1
    )
    assert (counted.n, counted.n_failed) == (5, 2)
    assert values(counted)[measures.ACCURACY] == pytest.approx(2 / 5)
    assert values(counted)[measures.SENSITIVITY] == pytest.approx(1 / 3)


def test_a_failed_grade_is_left_out_where_answers_are_counted() -> None:
    counted = grading(summarise(GRADED).everyone.answered_only)

    assert counted.confusion == ConfusionMatrix(
        true_positive=1, false_negative=1, false_positive=0, true_negative=1
    )
    assert (counted.n, counted.n_failed) == (3, 2)


def test_a_failure_counts_as_the_surest_wrong_probability() -> None:
    both = summarise(GRADED).everyone

    # Answered: 0.9 and 0.4 against 0.1, all pairs right. With failures: HGG 0.9, 0.4, 0 and LGG
    # 0.1, 1: two of six pairs are right.
    assert values(grading(both.answered_only))[measures.AUROC] == pytest.approx(1.0)
    assert values(grading(both.intention_to_treat))[measures.AUROC] == pytest.approx(2 / 6)
    brier = (0.1**2 + 0.6**2 + 1 + 0.1**2 + 1) / 5
    assert values(grading(both.intention_to_treat))[measures.BRIER] == pytest.approx(brier)


def test_a_backend_without_probabilities_has_no_auroc() -> None:
    cases = [case(1, grade=GradePrediction(HGG)), case(2, grade=REFUSAL)]

    counted = grading(summarise(cases).everyone.intention_to_treat)

    assert measures.AUROC not in counted.measures
    assert measures.ACCURACY in counted.measures


def test_every_measure_of_grades_has_an_interval_around_it() -> None:
    answers = [GradePrediction(HGG, 0.9), GradePrediction(HGG, 0.6), GradePrediction(LGG, 0.2)]
    cases = [case(n, reference=HGG if n % 4 else LGG, grade=answers[n % 3]) for n in range(24)]

    found = grading(summarise(cases).everyone.intention_to_treat).measures

    assert {measures.MCC, measures.F1_LGG, measures.AUROC, measures.AUPRC} <= set(found)
    for measured in found.values():
        assert isinstance(measured, Estimate)
        assert isinstance(measured.interval, Interval)
        assert measured.interval.low < measured.value < measured.interval.high


def test_one_lgg_among_many_tells_no_doubt_about_it() -> None:
    cases = [case(n, reference=HGG if n else LGG, grade=GradePrediction(HGG)) for n in range(9)]

    mcc = grading(summarise(cases).everyone.intention_to_treat).measures[measures.MCC]

    assert mcc == Estimate(0.0, NotEstimable("a stratum has one patient only"), n=9)


def test_always_hgg_scores_the_prevalence_of_the_same_studies() -> None:
    both = summarise(GRADED).everyone

    assert grading(both.intention_to_treat).always_hgg.value == pytest.approx(3 / 5)
    assert grading(both.answered_only).always_hgg.value == pytest.approx(2 / 3)


def test_a_study_without_a_reference_grade_is_not_counted_in_grading() -> None:
    cases = [*GRADED, case(6, reference=None, grade=GradePrediction(HGG, 0.9))]

    summary = summarise(cases)

    assert grading(summary.everyone.intention_to_treat).n == 5
    assert summary.n_studies == 6


def test_a_backend_that_does_not_grade_has_no_grading() -> None:
    cases = [case(1, scores={Form.BOX_3D: box_score(0.5)})]

    assert summarise(cases).everyone.intention_to_treat.grading is None


def test_a_failed_box_counts_as_no_overlap() -> None:
    scores: list[box_score | Failure] = [box_score(0.8), box_score(0.25), box_score(0.1), REFUSAL]
    cases = [case(n, scores={Form.BOX_3D: score}) for n, score in enumerate(scores)]

    both = summarise(cases).everyone

    assert values(row(both.intention_to_treat, Form.BOX_3D)) == pytest.approx(
        {measures.BOX_IOU: 1.15 / 4, measures.ACC_25: 2 / 4, measures.ACC_50: 1 / 4}
    )
    assert values(row(both.answered_only, Form.BOX_3D)) == pytest.approx(
        {measures.BOX_IOU: 1.15 / 3, measures.ACC_25: 2 / 3, measures.ACC_50: 1 / 3}
    )
    assert row(both.answered_only, Form.BOX_3D).n_failed == 1


def test_a_failed_point_is_a_volumes_diagonal_away() -> None:
    scores: list[point_score | Failure] = [point_score(3.0, hit=True), REFUSAL]
    cases = [case(n, scores={Form.POINT: score}) for n, score in enumerate(scores)]

    both = summarise(cases).everyone

    assert values(row(both.intention_to_treat, Form.POINT)) == pytest.approx(
        {measures.CENTRE_ERROR: (3 + WORST_MM) / 2, measures.HIT: 0.5}
    )
    assert values(row(both.answered_only, Form.POINT)) == {
        measures.CENTRE_ERROR: 3.0,
        measures.HIT: 1.0,
    }


def test_a_failed_mask_has_no_volume_error_to_count() -> None:
    scores = [mask_score({Region.WT: GOOD}), REFUSAL]
    cases = [case(n, scores={Form.MASK: score}) for n, score in enumerate(scores)]

    counted = row(summarise(cases).everyone.intention_to_treat, Form.MASK, Region.WT)

    assert values(counted)[measures.DICE] == pytest.approx(0.45)
    assert counted.measures[measures.VOLUME_ERROR_MM3].value == -10.0
    assert counted.measures[measures.VOLUME_ERROR_MM3].n == 1


def test_a_backend_is_not_failed_on_regions_that_it_never_draws() -> None:
    scores = [mask_score({Region.WT: GOOD}), REFUSAL]
    cases = [case(n, scores={Form.MASK: score}) for n, score in enumerate(scores)]

    rows = summarise(cases).everyone.intention_to_treat.localisation

    assert [one.region for one in rows] == [Region.WT]


def test_a_backend_that_failed_on_everything_still_has_its_rows() -> None:
    cases = [case(1, grade=REFUSAL, scores={Form.MASK: REFUSAL, Form.POINT: REFUSAL})]

    both = summarise(cases).everyone

    assert row(both.intention_to_treat, Form.MASK, Region.WT).n == 1
    assert row(both.answered_only, Form.POINT).n == 0
    assert row(both.answered_only, Form.POINT).measures == {}
    assert grading(both.answered_only).n == 0
    assert grading(both.answered_only).measures[measures.ACCURACY] == NO_STUDY


def test_a_form_that_was_not_scored_has_no_row() -> None:
    cases = [case(1, scores={Form.POINT_3D: None})]

    assert summarise(cases).everyone.intention_to_treat.localisation == ()


def test_sites_that_sent_both_grades_are_counted_apart() -> None:
    cases = [
        case(1, site="CBICA", grade=GradePrediction(HGG)),
        case(2, site="2013", grade=GradePrediction(HGG)),
        case(3, site="2013", reference=LGG, grade=GradePrediction(HGG)),
        case(4, site=None, reference=LGG, grade=GradePrediction(HGG)),
        case(5, site=None, grade=GradePrediction(HGG)),
    ]

    mixed = summarise(cases).mixed_sites

    assert mixed_sites(cases) == {"2013"}
    assert mixed is not None
    assert grading(mixed.intention_to_treat).confusion == ConfusionMatrix(1, 0, 1, 0)


def test_without_a_site_of_both_grades_there_is_no_such_subgroup() -> None:
    assert summarise(GRADED[:3]).mixed_sites is None


def test_failures_are_counted_once_a_study_and_reason() -> None:
    found_none = Failure(FailureReason.NO_TUMOUR_FOUND, "")
    cases = [
        case(1, grade=REFUSAL, scores={Form.BOX: REFUSAL, Form.POINT: found_none}),
        case(2, scores={Form.BOX: found_none}),
        case(3, scores={Form.BOX: box_score(1.0)}),
    ]

    summary = summarise(cases)

    assert summary.n_failed == 2
    assert summary.failures == {FailureReason.REFUSAL: 1, FailureReason.NO_TUMOUR_FOUND: 2}


def test_a_spread_counts_the_penalties_of_failures_and_of_masks_that_missed_a_region() -> None:
    lost = region_score(dice=0.0, iou=0.0, hd95_mm=WORST_MM, nsd=0.0, volume_error_mm3=-1.0)
    masks = [mask_score({Region.WT: one}) for one in (GOOD, GOOD, lost)]
    outcomes = [*map(FormOutcome, masks), FormOutcome(worst_scores(Form.MASK), REFUSAL)]
    cases = [
        CaseScore(f"s{n}", f"p{n}", None, HGG, localisation={Form.MASK: outcome})
        for n, outcome in enumerate(outcomes)
    ]

    everyone = summarise(cases).everyone

    (counted,) = everyone.intention_to_treat.localisation
    (answered,) = everyone.answered_only.localisation
    spread = counted.spreads[measures.HD95_MM]
    assert spread.quartiles == (2.0, pytest.approx((2.0 + WORST_MM) / 2), WORST_MM)
    assert (spread.n_worst, counted.n_failed) == (2, 1)
    assert answered.spreads[measures.HD95_MM].n_worst == 1
    assert answered.spreads[measures.HD95_MM].median == 2.0
