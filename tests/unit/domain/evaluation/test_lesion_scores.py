"""Scores by the rules of challenges beside the others: when, in which regions, and of failures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_comparison import reading
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.localisation_rows import localisation_rows
from gliobench.domain.evaluation.score_columns import score_columns
from gliobench.domain.evaluation.score_rows import case_of, row_of
from gliobench.domain.evaluation.scores import FormOutcome
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.geometry.grids import BoolArray, Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.lesionwise.tasks import GLIOMA, METASTASES, Task, task_of
from gliobench.domain.metrics.measures import EVERY_SET, MEASURES, MeasureSet
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
)

GRID = Grid(shape=(40, 10, 10), affine=np.eye(4))
REFUSAL = Failure(FailureReason.REFUSAL, "no")


def spans(*ends: tuple[int, int], width: int = 8) -> BoolArray:
    voxels = np.zeros(GRID.shape, dtype=bool)
    for start, stop in ends:
        voxels[start:stop, :width, :width] = True
    return voxels


def scored(
    reference: BoolArray,
    prediction: BoolArray | Failure,
    sets: tuple[MeasureSet, ...] = EVERY_SET,
    task: Task = GLIOMA,
) -> FormOutcome:
    aim = Target.of({Region.WT: reference}, GRID, task)
    said = (
        prediction
        if isinstance(prediction, Failure)
        else LocalisationPrediction({Form.MASK: Mask(GRID, {Region.WT: prediction})})
    )
    return score_localisation(said, asked=[Form.MASK], target=aim, sets=sets)[Form.MASK]


def test_scores_of_challenges_are_computed_where_they_are_asked_for() -> None:
    mask = spans((0, 8))

    without = scored(mask, mask, ()).scores
    both = scored(mask, mask).scores

    assert not [name for name in without if "brats" in name]
    assert {name: both[name] for name in without} == without
    assert both["WT_brats2023_dice"] == both["WT_brats2026_f1"] == 1.0
    assert not [
        name for name in scored(mask, mask, (MeasureSet.BRATS_2026,)).scores if "2023" in name
    ]


def test_one_lesion_hit_one_missed_and_one_invented_differ_by_the_rule() -> None:
    reference, prediction = spans((0, 8), (16, 24)), spans((0, 7), (32, 36))

    scores = scored(reference, prediction).scores

    assert scores["WT_brats2023_dice"] == pytest.approx(0.93 / 3, abs=0.002)
    assert scores["WT_brats2026_dice"] == pytest.approx(0.93, abs=0.005)
    assert scores["WT_brats2026_f1"] == 0.5
    assert scores["WT_brats2023_false_alarms"] == scores["WT_brats2023_missed"] == 1


def test_a_failure_scores_worst_by_either_rule_whatever_the_reference() -> None:
    for reference in (spans((0, 8)), spans()):
        scores = scored(reference, REFUSAL).scores

        assert scores["WT_brats2023_dice"] == scores["WT_brats2026_f1"] == 0.0
        assert scores["WT_brats2023_hd95_mm"] == 374.0
        assert scores["WT_brats2026_hd95_mm"] == 373.0
        assert "WT_brats2023_missed" not in scores


def test_an_infinite_distance_of_2026_counts_as_its_penalty() -> None:
    assert scored(spans((0, 8)), spans()).scores["WT_brats2026_hd95_mm"] == 373.0


def test_where_neither_mask_shows_anything_2023_scores_fully_and_2026_not() -> None:
    scores = scored(spans(), spans()).scores

    assert scores["WT_brats2023_dice"] == 1.0
    assert "WT_brats2026_dice" not in scores


def test_metastases_are_scored_by_their_own_thresholds() -> None:
    reference, nothing = spans((0, 3), width=1) | spans((20, 28)), spans((20, 28))

    glioma, metastases = (
        scored(reference, nothing, task=task).scores for task in (GLIOMA, METASTASES)
    )

    assert (glioma["WT_brats2023_dice"], metastases["WT_brats2023_dice"]) == (1.0, 0.5)


def test_the_task_follows_the_label_convention() -> None:
    assert task_of("brats-met-2025") is METASTASES
    assert task_of("brats-men-rt-2024").rule_2023.dilation == 1
    assert task_of("brats-ped-2024") is task_of("tumour") is task_of(None) is GLIOMA


def test_scores_come_back_from_their_rows_and_columns() -> None:
    case = replace(
        reading(1, hgg=True), localisation={Form.MASK: scored(spans((0, 8)), spans((0, 7)))}
    )
    other = replace(case, study_id="s2", localisation={Form.MASK: scored(spans((0, 8)), REFUSAL)})

    again = case_of({**dict.fromkeys(score_columns((Region.WT,), EVERY_SET)), **row_of(case)})
    (row,) = localisation_rows(CaseTable.of([case, other]).of_forms(Form.MASK), answered_only=False)

    assert again.localisation[Form.MASK].scores == case.localisation[Form.MASK].scores
    found = {measure.key: value for measure, value in row.measures.items() if measure.chosen_by}
    assert found["brats2023_dice"].value == pytest.approx((14 / 15 + 0) / 2)
    assert found["brats2023_dice"].n == 2
    assert found["brats2023_missed"].n == 1


def test_a_run_without_them_has_neither_columns_nor_numbers() -> None:
    case = replace(
        reading(1, hgg=True), localisation={Form.MASK: scored(spans((0, 8)), spans((0, 7)), ())}
    )

    (row,) = localisation_rows(CaseTable.of([case]).of_forms(Form.MASK), answered_only=False)

    assert not [measure for measure in row.measures if measure.chosen_by]
    assert not [name for name in score_columns() if "brats" in name]


def test_sets_are_read_by_name_and_unknown_ones_refused() -> None:
    assert MeasureSet.parse(["brats2026", " brats2023", ""]) == EVERY_SET
    with pytest.raises(InvalidInputError, match="'brats2022': wanted some of brats2023, brats2026"):
        MeasureSet.parse(["brats2022"])


def test_no_two_measures_share_a_title_or_a_name_in_tables() -> None:
    assert len({measure.title for measure in MEASURES}) == len(MEASURES)
