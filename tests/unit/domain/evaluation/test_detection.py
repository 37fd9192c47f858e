"""Whether tumours are found, and healthy studies spared: counts worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_case_score import fake_case_score, fake_target
from fakes.form_scores import mask_score, region_score
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.summarise import detection_rows
from gliobench.domain.evaluation.summary import DetectionSummary
from gliobench.domain.geometry.grids import Point3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form
from gliobench.domain.statistics.estimate import Estimate, NotEstimable
from gliobench.domain.statistics.proportions import wilson

REFUSED = Failure(FailureReason.REFUSAL, "no")


def pointed(study_id: str, *, tumour: bool, found: bool | None) -> CaseScore:
    answer = REFUSED if found is None else Point3D(at=(1.0, 1.0, 1.0))
    case = fake_case_score(
        study_id, answers={Form.POINT_3D: answer}, target=fake_target() if tumour else None
    )
    return replace(case, tumour_free=not tumour, found_tumour=found)


def masked(study_id: str, reference_mm3: float, predicted_mm3: float | None) -> CaseScore:
    error = None if predicted_mm3 is None else predicted_mm3 - reference_mm3
    score = region_score(0.5, 0.5, 1.0, 0.5, error, reference_mm3)
    failure = REFUSED if predicted_mm3 is None else None
    case = fake_case_score(study_id, target=fake_target() if reference_mm3 else None)
    return replace(
        case,
        localisation={Form.MASK: FormOutcome(mask_score({Region.WT: score}), failure)},
        tumour_free=not reference_mm3,
        found_tumour=None if predicted_mm3 is None else predicted_mm3 > 0,
    )


def rows(*cases: CaseScore, answered_only: bool = False) -> tuple[DetectionSummary, ...]:
    return detection_rows(CaseTable.of(cases), answered_only=answered_only)


def test_points_detect_by_study_and_a_failure_is_wrong_both_ways() -> None:
    (row,) = rows(
        pointed("a", tumour=True, found=True),
        pointed("b", tumour=True, found=False),
        pointed("c", tumour=True, found=None),
        pointed("d", tumour=False, found=False),
        pointed("e", tumour=False, found=True),
        pointed("f", tumour=False, found=None),
    )

    assert (row.region, row.n_with, row.n_without, row.n_failed) == (None, 3, 3, 2)
    assert row.sensitivity == wilson(successes=1, n=3)
    assert row.specificity == wilson(successes=1, n=3)
    assert isinstance(row.false_positive_mm3, NotEstimable)


def test_answered_only_leaves_failures_out() -> None:
    (row,) = rows(
        pointed("a", tumour=True, found=True),
        pointed("b", tumour=True, found=None),
        pointed("c", tumour=False, found=False),
        answered_only=True,
    )

    assert (row.n_with, row.n_without, row.n_failed) == (1, 1, 1)
    assert row.sensitivity == row.specificity == wilson(successes=1, n=1)


def test_masks_detect_by_region_and_tell_the_volume_of_what_is_not_there() -> None:
    (row,) = rows(
        masked("a", 100.0, 80.0),
        masked("b", 100.0, 0.0),
        masked("c", 0.0, 0.0),
        masked("d", 0.0, 30.0),
        masked("e", 0.0, 60.0),
        masked("f", 0.0, None),
    )

    assert (row.region, row.n_with, row.n_without, row.n_failed) == (Region.WT, 2, 4, 1)
    assert row.sensitivity == wilson(successes=1, n=2)
    assert row.specificity == wilson(successes=1, n=4)
    assert isinstance(row.false_positive_mm3, Estimate)
    assert row.false_positive_mm3.value == pytest.approx(30.0)
    assert row.largest_false_positive_mm3 == 60.0


def test_without_a_healthy_study_there_is_no_specificity() -> None:
    (row,) = rows(pointed("a", tumour=True, found=True))

    assert isinstance(row.specificity, NotEstimable)


def test_an_oracle_is_told_that_there_is_a_tumour_and_detects_nothing() -> None:
    assert rows(replace(masked("a", 100.0, 80.0), oracle=True)) == ()


def test_older_runs_and_unannotated_studies_tell_nothing() -> None:
    older = replace(pointed("a", tumour=True, found=True), found_tumour=None)
    unannotated = replace(pointed("b", tumour=False, found=True), tumour_free=False)

    assert rows(older, unannotated) == ()
