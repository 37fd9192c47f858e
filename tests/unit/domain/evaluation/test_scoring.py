"""Scores of one study, worked out by hand on a 10³ grid of 1×1×2 mm."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fakes.form_scores import box_score, mask_score, point_score, polygon_score, region_score
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.empties import Meeting, declared
from gliobench.domain.evaluation.scores import FormOutcome
from gliobench.domain.evaluation.scoring import Target, score_localisation
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import (
    CENTRE_ERROR,
    DICE,
    HD95_MM,
    HIT,
    IOU,
    NSD,
    NSD_TOLERANCE_MM,
    WORST_MM,
)
from gliobench.domain.metrics.segmentation import dice, hd95_mm, iou, nsd
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
    NoTumour,
)

GRID = Grid(shape=(10, 10, 10), affine=np.diag([1.0, 1.0, 2.0, 1.0]))
NOTHING = np.zeros(GRID.shape, dtype=bool)
REFUSAL = Failure(FailureReason.REFUSAL, "no")


def block(start: tuple[int, int, int], stop: tuple[int, int, int]) -> BoolArray:
    voxels = np.zeros(GRID.shape, dtype=bool)
    voxels[tuple(slice(lo, hi) for lo, hi in zip(start, stop, strict=True))] = True
    return voxels


def target() -> Target:
    """Aim at 4×4 voxels on planes 2 to 4, and one more on plane 3."""
    whole = block((2, 2, 2), (6, 6, 5))
    whole[6, 2, 3] = True
    core = block((2, 2, 2), (4, 6, 5))
    found = Target.of(
        {Region.WT: whole, Region.TC: core, Region.ET: block((0,) * 3, (0,) * 3)}, GRID
    )
    assert found is not None
    return found


def test_the_scoring_plane_is_the_axial_plane_of_the_largest_area() -> None:
    assert target().plane == Plane(Axis.AXIAL, 3)


def test_there_is_nothing_to_aim_at_where_nobody_has_drawn_a_tumour() -> None:
    assert Target.of({}, GRID) is None


def test_without_a_tumour_there_is_no_scoring_plane() -> None:
    aim = Target.of({Region.WT: NOTHING}, GRID)

    assert aim is not None
    assert aim.plane is None


def free() -> Target:
    aim = Target.of(dict.fromkeys(NESTED, NOTHING), GRID)
    assert aim is not None
    return aim


def test_a_mask_that_shows_nothing_where_nothing_is_agrees_fully() -> None:
    nothing = LocalisationPrediction({Form.MASK: Mask(GRID, dict.fromkeys(NESTED, NOTHING))})

    scores = score_localisation(nothing, asked=[Form.MASK], target=free())

    assert list(scores) == [Form.MASK]
    agreed = region_score(1.0, 1.0, 0.0, 1.0, volume_error_mm3=0.0, reference_mm3=0.0)
    assert scores[Form.MASK].scores == mask_score(dict.fromkeys(NESTED, agreed))


def test_a_mask_that_shows_a_tumour_where_none_is_disagrees_fully_and_has_a_volume() -> None:
    claim = LocalisationPrediction({Form.MASK: Mask(GRID, {Region.WT: block((1,) * 3, (3,) * 3)})})

    scores = score_localisation(claim, asked=[Form.MASK], target=free())

    # 2·2·2 voxels of 1·1·2 mm
    false_alarm = region_score(0.0, 0.0, WORST_MM, 0.0, volume_error_mm3=16.0, reference_mm3=0.0)
    assert scores[Form.MASK].scores == mask_score({Region.WT: false_alarm})


def test_a_mask_that_shows_nothing_where_a_tumour_is_misses_it_by_its_whole_volume() -> None:
    aim = target()
    volume_mm3 = 2.0 * int(aim.whole.sum())

    scores = score_localisation(
        LocalisationPrediction({Form.MASK: Mask(GRID, {Region.WT: NOTHING})}),
        asked=[Form.MASK],
        target=aim,
    )

    missed = region_score(0.0, 0.0, WORST_MM, 0.0, -volume_mm3, reference_mm3=volume_mm3)
    assert scores[Form.MASK].scores == mask_score({Region.WT: missed})
    assert scores[Form.POINT] == FormOutcome(point_score(WORST_MM, hit=False), answer=NO_TUMOUR)
    assert scores[Form.BOX_3D] == FormOutcome(box_score(0.0), answer=NO_TUMOUR)
    assert scores[Form.POLYGON] == FormOutcome(polygon_score(0.0), answer=NO_TUMOUR)


def test_no_tumour_as_a_mask_is_none_in_every_region() -> None:
    none = LocalisationPrediction({Form.MASK: NO_TUMOUR})

    with_tumour = score_localisation(none, asked=[Form.MASK], target=target())[Form.MASK]
    without = score_localisation(none, asked=[Form.MASK], target=free())[Form.MASK]

    # the target has no enhancing tumour: of that region, nothing is right
    assert [with_tumour.score(DICE, one) for one in NESTED] == [0.0, 0.0, 1.0]
    assert [without.score(DICE, one) for one in NESTED] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("answer", [NO_TUMOUR, Point3D(at=(1.0, 1.0, 1.0))])
def test_a_place_is_not_scored_where_there_is_no_tumour_whatever_the_answer(
    answer: NoTumour | Point3D,
) -> None:
    said = LocalisationPrediction({Form.POINT_3D: answer})

    (outcome,) = score_localisation(said, asked=[Form.POINT_3D], target=free()).values()

    assert (outcome.scores, outcome.failure) == ({}, None)


def test_a_failure_scores_worst_where_there_is_no_tumour_too() -> None:
    scores = score_localisation(REFUSAL, asked=[Form.MASK], target=free())

    assert scores[Form.MASK].failure == REFUSAL
    worst = region_score(0.0, 0.0, WORST_MM, 0.0, volume_error_mm3=None, reference_mm3=0.0)
    assert scores[Form.MASK].scores == mask_score(dict.fromkeys(NESTED, worst))


def test_what_is_declared_is_what_the_metrics_give_for_nothing() -> None:
    full = block((2, 2, 2), (4, 4, 4))

    for meeting, one, other in (
        (Meeting.NEITHER, NOTHING, NOTHING),
        (Meeting.MISSED, full, NOTHING),
        (Meeting.FALSE_ALARM, NOTHING, full),
    ):
        masks = {"reference": one, "prediction": other}
        distance_mm = hd95_mm(**masks, spacing_mm=GRID.spacing_mm)
        assert declared(meeting, DICE) == dice(**masks)
        assert declared(meeting, IOU) == iou(**masks)
        assert declared(meeting, HD95_MM) == min(distance_mm, WORST_MM)
        assert declared(meeting, NSD) == nsd(
            **masks, spacing_mm=GRID.spacing_mm, tolerance_mm=NSD_TOLERANCE_MM
        )


def test_the_page_shows_the_declared_table() -> None:
    page = (Path(__file__).parents[4] / "docs" / "tumour_free.md").read_text("utf-8")

    for meeting in (Meeting.MISSED, Meeting.FALSE_ALARM, Meeting.NEITHER):
        place = "worst: 0, 373.13 mm, no hit" if meeting is Meeting.MISSED else "not scored"
        region = " | ".join(f"{declared(meeting, one):g}" for one in (DICE, IOU, HD95_MM, NSD))
        assert f"| {meeting.value} | {region} | {place} |" in page


def test_a_mask_is_scored_in_every_form() -> None:
    aim = target()
    same = LocalisationPrediction({Form.MASK: Mask(GRID, aim.regions)})

    scores = score_localisation(same, asked=[Form.MASK], target=aim)

    perfect = region_score(dice=1.0, iou=1.0, hd95_mm=0.0, nsd=1.0, volume_error_mm3=0.0)
    by_region = {
        region: {**perfect, "reference_mm3": 2.0 * int(voxels.sum())}
        for region, voxels in aim.regions.items()
    }
    assert {form: outcome.scores for form, outcome in scores.items()} == {
        Form.POINT: point_score(error_mm=0.0, hit=True),
        Form.BOX: box_score(iou=1.0),
        Form.POLYGON: polygon_score(dice=1.0),
        Form.POINT_3D: point_score(error_mm=0.0, hit=True),
        Form.BOX_3D: box_score(iou=1.0),
        Form.MASK: mask_score(by_region),
    }


def test_an_answer_stays_beside_its_score_on_the_plane_and_in_the_volume() -> None:
    box = Box3D(start=(2, 2, 1), stop=(6, 6, 5))

    scores = score_localisation(
        LocalisationPrediction({Form.BOX_3D: box}), asked=[Form.BOX_3D], target=target()
    )

    assert {form: outcome.answer for form, outcome in scores.items()} == {
        Form.POINT: Point(Plane(Axis.AXIAL, 3), at=(3.5, 3.5)),
        Form.BOX: Box(Plane(Axis.AXIAL, 3), start=(2, 2), stop=(6, 6)),
        Form.POINT_3D: Point3D(at=(3.5, 3.5, 2.5)),
        Form.BOX_3D: box,
    }


def test_a_mask_is_kept_with_the_predictions_and_not_with_the_scores() -> None:
    aim = target()
    same = LocalisationPrediction({Form.MASK: Mask(GRID, aim.regions)})

    scores = score_localisation(same, asked=[Form.MASK], target=aim)

    assert scores[Form.MASK].answer is None
    assert isinstance(scores[Form.POLYGON].answer, Polygon)


def test_a_region_that_only_the_prediction_has_is_as_far_off_as_can_be() -> None:
    aim = target()
    regions = {Region.WT: aim.whole, Region.ET: block((2, 2, 2), (3, 3, 3))}

    scores = score_localisation(
        LocalisationPrediction({Form.MASK: Mask(GRID, regions)}), asked=[Form.MASK], target=aim
    )

    mask = scores[Form.MASK]
    added = region_score(
        dice=0.0, iou=0.0, hd95_mm=WORST_MM, nsd=0.0, volume_error_mm3=2.0, reference_mm3=0.0
    )
    assert mask_score({Region.ET: added}).items() <= mask.scores.items()
    assert Region.TC not in mask.regions


def test_a_point_in_the_volume_is_scored_there_and_projected() -> None:
    # The reference's centre on plane 3 is (58+6)/17, (56+2)/17: 62/17 and 58/17.
    point = LocalisationPrediction({Form.POINT_3D: Point3D(at=(62 / 17 + 3, 58 / 17, 9.0))})

    scores = score_localisation(point, asked=[Form.POINT_3D], target=target())

    assert list(scores) == [Form.POINT, Form.POINT_3D]
    planar = scores[Form.POINT]
    assert planar.score(CENTRE_ERROR) == pytest.approx(3.0)
    assert not planar.score(HIT)


def test_no_error_is_worse_than_a_failure() -> None:
    far = LocalisationPrediction({Form.POINT_3D: Point3D(at=(9999.0, 0.0, 0.0))})

    scores = score_localisation(far, asked=[Form.POINT_3D], target=target())

    assert scores[Form.POINT_3D].scores == point_score(error_mm=WORST_MM, hit=False)


def test_a_box_in_the_volume_that_misses_the_plane_fails_on_it_alone() -> None:
    box = LocalisationPrediction({Form.BOX_3D: Box3D(start=(2, 2, 4), stop=(7, 6, 6))})

    scores = score_localisation(box, asked=[Form.BOX_3D], target=target())

    # Shared: 5·4·1; either: 5·4·3 + 5·4·2 - 20.
    assert scores[Form.BOX_3D].scores == box_score(iou=20 / 80)
    for form in (Form.BOX, Form.POINT):
        failure = scores[form].failure
        assert failure is not None
        assert failure.reason is FailureReason.OFF_PLANE
    assert scores[Form.BOX].scores == box_score(iou=0.0)
    assert scores[Form.POINT].scores == point_score(error_mm=WORST_MM, hit=False)


def test_a_study_that_failed_whole_scores_worst_in_every_form_it_would_have_been_scored_in() -> (
    None
):
    scores = score_localisation(REFUSAL, asked=[Form.BOX_3D], target=target())

    assert scores == {
        Form.POINT: FormOutcome(point_score(WORST_MM, hit=False), REFUSAL),
        Form.BOX: FormOutcome(box_score(0.0), REFUSAL),
        Form.POINT_3D: FormOutcome(point_score(WORST_MM, hit=False), REFUSAL),
        Form.BOX_3D: FormOutcome(box_score(0.0), REFUSAL),
    }


def test_a_mask_that_failed_scores_worst_in_all_forms() -> None:
    failed = LocalisationPrediction({Form.MASK: REFUSAL})

    scores = score_localisation(failed, asked=[Form.MASK], target=target())

    assert set(scores) == set(Form)
    assert all(outcome.failure == REFUSAL for outcome in scores.values())


def test_one_failed_form_leaves_the_other_scored() -> None:
    box = Box(Plane(Axis.AXIAL, 3), start=(2, 2), stop=(7, 6))
    both = LocalisationPrediction({Form.BOX: box, Form.POLYGON: REFUSAL})

    scores = score_localisation(both, asked=[Form.BOX, Form.POLYGON], target=target())

    assert scores[Form.BOX] == FormOutcome(box_score(iou=1.0), answer=box)
    assert scores[Form.POLYGON] == FormOutcome(polygon_score(dice=0.0), REFUSAL)


def test_without_a_reference_failures_are_kept_and_nothing_is_scored() -> None:
    said = LocalisationPrediction(
        {Form.POINT_3D: Point3D(at=(1.0, 1.0, 1.0)), Form.BOX_3D: REFUSAL}
    )

    scores = score_localisation(said, asked=[Form.POINT_3D, Form.BOX_3D], target=None)

    assert scores == {
        Form.POINT_3D: FormOutcome({}),
        Form.BOX_3D: FormOutcome({}, REFUSAL),
    }


def test_a_mask_on_another_grid_cannot_be_scored() -> None:
    other = Grid(shape=GRID.shape, affine=np.eye(4))
    astray = LocalisationPrediction({Form.MASK: Mask(other, {Region.WT: target().whole})})

    with pytest.raises(InvalidInputError, match="grid"):
        score_localisation(astray, asked=[Form.MASK], target=target())
