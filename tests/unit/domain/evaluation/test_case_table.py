"""Scores in columns say what the cases say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_case_score import PLANE, fake_case_score, fake_target
from gliobench.domain.evaluation.alignment import align, differ_in_truth, sharing
from gliobench.domain.evaluation.case_table import AT_ONCE, CaseTable
from gliobench.domain.geometry.grids import Box, Point
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.predictions.prediction import Failure, FailureReason, Form, GradePrediction
from gliobench.domain.studies.study import Grade

REFUSAL = Failure(FailureReason.REFUSAL, "no")
TIMEOUT = Failure(FailureReason.TIMEOUT, "hung")
CASES = [
    fake_case_score(
        "s2",
        reference=Grade.HGG,
        grade=GradePrediction(Grade.LGG, probability_hgg=0.25),
        answers={Form.POINT: Point(PLANE, (21.0, 12.0)), Form.BOX: TIMEOUT},
        target=fake_target((22, 15), (25, 16), volume_mm3=7.0),
        image_hash="a" * 16,
    ),
    fake_case_score(
        "s1",
        reference=Grade.LGG,
        grade=REFUSAL,
        answers={Form.POINT: REFUSAL, Form.BOX: Box(PLANE, (20, 15), (24, 16))},
        site=None,
        oracle=True,
    ),
    fake_case_score("s3", reference=None),
]
TABLE = CaseTable.of(CASES)


def test_a_table_tells_of_studies_and_their_references() -> None:
    assert TABLE.study_ids.tolist() == ["s2", "s1", "s3"]
    assert TABLE.sites.tolist() == ["CBICA", None, "CBICA"]
    assert TABLE.images.tolist() == ["a" * 16, None, None]
    assert TABLE.reference_grades == [Grade.HGG, Grade.LGG, None]
    assert TABLE.has_plane.tolist() == [True, False, False]
    assert TABLE.volume_mm3 == pytest.approx([7.0, np.nan, np.nan], nan_ok=True)
    assert TABLE.oracle.tolist() == [False, True, False]


def test_a_failed_grade_counts_as_the_wrong_one_for_sure() -> None:
    assert TABLE.asked_grade.tolist() == [True, True, False]
    assert TABLE.failed_grade.tolist() == [False, True, False]
    assert TABLE.called_hgg.tolist() == [False, True, False]
    assert TABLE.probability_hgg[:2].tolist() == [0.25, 1.0]
    assert np.isnan(TABLE.probability_hgg[2])


def test_forms_that_were_not_asked_for_take_no_room() -> None:
    assert TABLE.forms == [Form.POINT, Form.BOX]
    assert not any(name.startswith(("mask", "polygon")) for name in TABLE.columns)
    assert not TABLE.asked(Form.MASK).any()
    assert np.isnan(TABLE.scores(Form.MASK, measures.DICE, Region.WT)).all()
    assert np.isnan(TABLE.marks(Form.POLYGON)).all()


def test_some_forms_are_kept_without_copying() -> None:
    points = TABLE.of_forms(Form.POINT)

    assert points.forms == [Form.POINT]
    assert points.called_hgg.tolist() == TABLE.called_hgg.tolist()
    assert points.asked(Form.POINT) is TABLE.asked(Form.POINT)


def test_a_failure_scores_worst_and_has_no_mark() -> None:
    assert TABLE.failed(Form.POINT).tolist() == [False, True, False]
    assert TABLE.scores(Form.POINT, measures.CENTRE_ERROR)[1] == WORST_MM
    assert TABLE.marks(Form.POINT)[0].tolist() == [2.0, -3.0]
    assert np.isnan(TABLE.marks(Form.POINT)[1:]).all()


def test_an_overlap_passes_bars_where_there_is_one() -> None:
    overlaps = TABLE.scores(Form.BOX, measures.ACC_25)

    assert overlaps[:2].tolist() == [0.0, 0.0]
    assert np.isnan(overlaps[2])


def test_a_study_fails_once_for_a_reason() -> None:
    assert TABLE.n_failed == 2
    assert TABLE.failed_for(FailureReason.REFUSAL).tolist() == [False, True, False]
    assert TABLE.failed_for(FailureReason.TIMEOUT).tolist() == [True, False, False]
    assert not TABLE.failed_for(FailureReason.TRUNCATED).any()


def test_tables_are_aligned_by_what_they_share() -> None:
    first, second = align([TABLE, CaseTable.of([CASES[2], CASES[0], fake_case_score("s0")])])

    assert first.study_ids.tolist() == second.study_ids.tolist() == ["s2", "s3"]
    assert align([first, second])[0] is first


def test_runs_over_one_cohort_hold_what_is_equal_once() -> None:
    other = CaseTable.of([replace(case, grade=REFUSAL) for case in CASES])

    shared = sharing(other, TABLE)

    assert shared.study_ids is TABLE.study_ids
    assert shared.columns["volume_mm3"] is TABLE.columns["volume_mm3"]  # NaN is equal to NaN here
    assert shared.failed_grade.all()
    assert not differ_in_truth(TABLE, shared).any()


def test_tables_that_share_their_studies_are_aligned_by_their_ids() -> None:
    first, second = (CaseTable.of(CASES) for _ in range(2))

    aligned = align([first, sharing(second, first)])

    assert [table.study_ids.tolist() for table in aligned] == [["s1", "s2", "s3"]] * 2


def test_tables_differ_in_truth_by_patient_grade_plane_or_size() -> None:
    other = [
        fake_case_score("s2", target=fake_target(volume_mm3=7.0004)),
        fake_case_score("s1", reference=Grade.HGG),
        fake_case_score("s3", reference=None, patient_id="another"),
    ]

    assert differ_in_truth(TABLE, CaseTable.of(other)).tolist() == [False, True, True]


def test_more_cases_than_are_read_at_once_stay_in_order() -> None:
    ids = [f"s{at}" for at in range(AT_ONCE + 2)]

    table = CaseTable.of(fake_case_score(one) for one in ids)

    assert table.study_ids.tolist() == ids


def test_a_table_of_no_case_has_no_row() -> None:
    table = CaseTable.of([])

    assert (len(table), table.forms, table.n_failed) == (0, [], 0)
    assert table.marks(Form.BOX).shape == (0, 7)


def test_a_study_takes_less_than_620_bytes() -> None:
    answers = dict.fromkeys(Form, TIMEOUT)
    table = CaseTable.of([fake_case_score(answers=answers) for _ in range(100)])

    assert sum(values.nbytes for values in table.columns.values()) < 620 * 100
