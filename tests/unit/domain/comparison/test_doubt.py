"""What refusing the least sure masks leaves, and how often sets of grades hold the reference's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from fakes.fake_case_score import fake_case_score
from gliobench.domain.comparison.doubt import (
    Refusal,
    confidence_is_reversed,
    risk_coverage,
    set_coverage,
)
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    GradeSet,
)
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.study import Grade

UNSURE = Failure(FailureReason.LOW_CONFIDENCE, "confidence 0.10 is below the limit of 0.5")
LGG, HGG = Grade.LGG, Grade.HGG


def masks(*pairs: tuple[float | None, float]) -> list[CaseScore]:
    """Make masks of a confidence and a Dice each."""
    return [
        replace(
            fake_case_score(f"s{at}"),
            localisation={Form.MASK: FormOutcome({"WT_dice": dice})},
            confidence=confidence,
        )
        for at, (confidence, dice) in enumerate(pairs)
    ]


def graded(*sets: tuple[Grade, Sequence[Grade], str]) -> list[CaseScore]:
    """Make grades of a reference, a set and a site each."""
    return [
        fake_case_score(
            f"s{at}",
            reference=reference,
            site=site,
            grade=GradePrediction(HGG, 0.6, grade_set=GradeSet(tuple(kept), 0.9)),
        )
        for at, (reference, kept, site) in enumerate(sets)
    ]


def test_the_least_sure_fifth_takes_its_errors_with_it() -> None:
    found = risk_coverage(masks((0.9, 0.9), (0.8, 0.8), (0.85, 0.7), (0.7, 0.6), (0.2, 0.0)))

    assert found is not None
    assert found.n == 5
    assert found.everything == Refusal(0.0, pytest.approx(0.6), pytest.approx(0.4))
    assert found.four_fifths == Refusal(
        pytest.approx(0.2), pytest.approx(0.75), pytest.approx(0.25)
    )
    losses = [0.1, 0.4 / 2, 0.6 / 3, 1.0 / 4, 2.0 / 5]
    assert found.aurc == pytest.approx(sum(losses) / 5)
    assert [point.refused for point in found.curve] == pytest.approx([0.0, 0.2, 0.4, 0.6, 0.8])


def test_a_dice_at_the_limit_is_not_poor() -> None:
    found = risk_coverage(masks(*[(0.5, 0.7)] * 5))

    assert found is not None
    assert found.everything.poor == 0.0


def test_masks_that_failed_or_state_no_confidence_are_left_out() -> None:
    failed = replace(
        masks((0.1, 0.0))[0],
        study_id="failed",
        localisation={Form.MASK: FormOutcome({"WT_dice": 0.0}, failure=UNSURE)},
    )
    six = [(0.5, 0.8)] * 5 + [(None, 0.1)]

    found = risk_coverage([*masks(*six), failed])

    assert found is not None
    assert (found.n, found.everything.dice) == (5, pytest.approx(0.8))


def test_without_confidence_there_is_no_curve() -> None:
    assert risk_coverage(masks(*[(None, 0.8)] * 9)) is None
    assert risk_coverage(masks(*[(0.9, 0.8)] * 4)) is None


def test_an_uncertainty_in_the_place_of_a_confidence_is_recognised() -> None:
    dice = [0.5 + at / 30 for at in range(12)]

    assert confidence_is_reversed(masks(*((1 - overlap, overlap) for overlap in dice)))
    assert not confidence_is_reversed(masks(*((overlap, overlap) for overlap in dice)))
    assert not confidence_is_reversed(masks(*((1 - overlap, overlap) for overlap in dice[:9])))
    assert not confidence_is_reversed(masks(*((0.5, overlap) for overlap in dice)))
    assert not confidence_is_reversed(masks())


def test_sets_are_counted_for_all_and_by_site() -> None:
    found = set_coverage(
        graded((LGG, [LGG], "A"), (LGG, [HGG], "A"), (HGG, [LGG, HGG], "A"), (HGG, [], "B"))
    )

    every, first, second = found
    assert [item.site for item in found] == [None, "A", "B"]
    assert (every.n, every.stated) == (4, 0.9)
    assert (every.n_one, every.n_both, every.n_neither) == (2, 1, 1)
    assert isinstance(every.covered, Estimate)
    assert every.covered.value == 0.5
    assert isinstance(first.covered_negative, Estimate)
    assert isinstance(first.covered_positive, Estimate)
    assert (first.covered_negative.value, first.covered_positive.value) == (0.5, 1.0)
    assert not isinstance(second.covered_negative, Estimate)


def test_grades_without_sets_and_studies_without_a_reference_are_not_counted() -> None:
    plain = fake_case_score("plain", grade=GradePrediction(HGG, 0.6))
    (unknown,) = graded((HGG, [HGG], "A"))

    assert set_coverage([plain, replace(unknown, reference_grade=None)]) == []
