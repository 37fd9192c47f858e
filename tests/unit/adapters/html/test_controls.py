from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from fakes.fake_comparison import fake_comparison
from gliobench.adapters.html.blocks import Facts, with_content
from gliobench.adapters.html.sections.control_words import reading
from gliobench.adapters.html.sections.controls import altered_table, controls, moved_table
from gliobench.domain.controls.controls import Control
from gliobench.domain.position.control_responses import (
    NO_ANSWER,
    NO_PROBABILITY,
    ON_THE_MIRROR,
    GradeResponse,
    PlaceResponse,
    Response,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured


def about(value: float, reach: float = 0.0) -> Estimate:
    return Estimate(value, Interval(value - reach, value + reach), n=30)


def point(**told: Measured | None) -> PlaceResponse:
    """Make a backend's points that go along with a shift of 20 mm, but for what is told."""
    usual: Mapping[str, Measured | None] = {
        "answered": about(1.0),
        "apart_mm": about(0.4),
        "unmoved_mm": about(20.0),
        "follows": about(0.98),
        "overlap": None,
        "score_change": about(0.1),
    }
    return PlaceResponse(form=Form.POINT, **{**usual, **told})  # type: ignore[arg-type]


GRADES = GradeResponse(about(1.0), about(0.25), about(0.125), about(-0.1))
SHIFTED = Response(Control.SHIFTED, 30, GRADES, (point(),))
STAYED = Response(Control.SHIFTED, 30, None, (point(apart_mm=about(20.0), follows=about(0.0)),))
ON_IT = Response(Control.MIRRORED, 30, None, (point(apart_mm=about(0.0), follows=ON_THE_MIRROR),))


def test_who_stays_under_a_shift_is_said_not_to_look() -> None:
    words = reading([STAYED, ON_IT], tracking=None)

    assert words.startswith("Ignores the image: when it is shifted by 20 mm")
    assert "Mirroring is not informative" in words
    assert "0.0 mm shows no skill" in words


@pytest.mark.parametrize(
    ("tracking", "told"),
    [
        (about(0.8, 0.1), "and the tumour (tracking index 0.80)"),
        (about(0.02, 0.05), "but the brain rather than the tumour (tracking index 0.02)"),
        (about(0.4, 0.2), "to within 0.4 mm (tracking index 0.40)."),
        (None, "only a tracking index could show whether it follows the tumour"),
    ],
)
def test_the_tracking_index_tells_the_tumour_from_its_brain(
    tracking: Estimate | None, told: str
) -> None:
    assert told in reading([SHIFTED], tracking)


def test_a_mirror_error_is_told_beside_that_of_an_answer_that_stays() -> None:
    mirrored = Response(
        Control.MIRRORED, 30, None, (point(apart_mm=about(2.0), unmoved_mm=about(40.0)),)
    )

    told = "Mirrored images: 2.0 mm off; an answer that did not move would be 40.0 mm off."
    assert reading([mirrored], None) == told


def test_blank_images_and_lost_modalities_are_told() -> None:
    lost = point(answered=about(0.0), apart_mm=NO_ANSWER, follows=None, score_change=NO_ANSWER)
    blank = Response(Control.BLANK, 30, None, (lost,))
    dropped = Response(Control.WITHOUT_T1C, 30, None, (lost,))
    still = Response(Control.BLANK, 30, GRADES, (point(follows=None),))

    assert reading([blank, dropped], None) == (
        "It answers no blank image. It needs t1ce to answer."
    )
    assert reading([still], None) == (
        "It localises a tumour in 100 % and grades 100 % of blank images."
    )


def test_who_never_answered_needs_nothing() -> None:
    silent = point(answered=NO_ANSWER, apart_mm=NO_ANSWER, follows=None, score_change=NO_ANSWER)
    dropped = Response(Control.WITHOUT_T1C, 30, None, (silent,))

    assert reading([dropped], None) == "No study was answered on both images."


def test_another_patients_image_is_told_by_what_the_error_grows() -> None:
    other = Response(
        Control.OTHER_PATIENT, 30, None, (point(follows=None, score_change=about(30.0, 5.0)),)
    )

    told = "Another patient’s image changes the on-plane centre error by 30.0 mm (25.0 to 35.0)."
    assert reading([other], None) == told


def test_moved_images_and_others_have_a_table_each_with_a_row_a_backend() -> None:
    blank = Response(Control.BLANK, 30, GRADES, (point(follows=None),))
    found = {"looks": (SHIFTED, blank), "constant": (STAYED,)}

    moved, altered = moved_table(found), altered_table(found)

    assert moved is not None
    assert altered is not None
    assert [[row.name for row in group.rows] for group in moved.groups] == [["looks", "constant"]]
    assert [cell.text for cell in moved.groups[0].rows[1].cells[:3]] == ["0.00", "20.0", "20.0"]
    assert [[row.name for row in group.rows] for group in altered.groups] == [["looks"]]
    texts = [cell.text for cell in altered.groups[0].rows[0].cells]
    assert texts == ["100 %", "0.4", "0.1", "100 %", "25 %", "0.12", "−0.10"]
    for table in (moved, altered):
        assert all(
            len(row.cells) == len(table.columns) for group in table.groups for row in group.rows
        )


def test_an_answer_on_the_mirror_has_no_share_that_it_follows() -> None:
    table = moved_table({"constant": (ON_IT,)})

    assert table is not None
    cell = table.groups[0].rows[0].cells[0]
    assert (cell.text, cell.small) == ("–", "on the mirror")


def test_a_comparison_reads_each_backend_with_its_tracking_index() -> None:
    comparison = fake_comparison()
    arms = tuple(replace(arm, controls=(SHIFTED,)) for arm in comparison.arms)

    part = controls(replace(comparison, arms=arms))

    (facts,) = (block for block in part.content if isinstance(block, Facts))
    readings = {name: str(words) for name, words in facts.content.items()}
    assert list(readings) == [arm.name for arm in arms]
    assert "and the tumour" in readings["looks"]
    assert "but the brain" in readings["constant"]


def test_without_controls_there_is_no_table_and_no_reading() -> None:
    comparison = fake_comparison()
    bare = replace(comparison, arms=tuple(replace(arm, controls=()) for arm in comparison.arms))

    assert with_content([controls(bare)]) == []


def test_grades_without_probabilities_leave_their_cells_empty() -> None:
    grades = replace(GRADES, probability_change=NO_PROBABILITY)
    table = altered_table({"looks": (Response(Control.BLANK, 30, grades, ()),)})

    assert table is not None
    texts = [cell.text for cell in table.groups[0].rows[0].cells]
    assert texts == ["–", "–", "–", "100 %", "25 %", "–", "−0.10"]
