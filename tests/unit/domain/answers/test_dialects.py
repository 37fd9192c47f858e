"""Every dialect: what is written in it is read where it was meant, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.answers.dialects import DIALECTS, Dialect, dialect_named, dialect_of
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import parse_box, parse_point, parse_polygon
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Grid, Plane
from gliobench.domain.predictions.prediction import Failure, FailureReason
from gliobench.domain.slices.view import SliceView

EDGES_PX = (224, 336, 448)
EACH = pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))


@st.composite
def views(draw: st.DrawFn) -> SliceView:
    """Give a slice of any axis, spacing and crop in a picture of any edge."""
    shape = tuple(draw(st.integers(20, 60)) for _ in range(3))
    spacing = [draw(st.sampled_from([0.9, 1.0, 2.0, 5.5])) for _ in range(3)]
    axis = draw(st.sampled_from(Axis))
    low = draw(st.integers(0, 5))
    inner = [n for at, n in enumerate(shape) if at != axis]
    crop = draw(st.sampled_from([None, tuple(slice(low, n - 4) for n in inner)]))
    grid = Grid(shape, np.diag([*spacing, 1.0]))
    return SliceView.of(grid, Plane(axis, 3), draw(st.sampled_from(EDGES_PX)), crop=crop)


SHARE = st.floats(0.0, 1.0)


def apart_px(one: object, other: object, edge_px: int) -> float:
    return float(np.abs(np.asarray(one) - np.asarray(other)).max() * edge_px)


@EACH
@given(view=views(), x=SHARE, y=SHARE, width=st.floats(0.02, 0.5), height=st.floats(0.02, 0.5))
def test_what_is_written_is_read_half_a_pixel_away_at_most(
    dialect: Dialect, view: SliceView, x: float, y: float, width: float, height: float
) -> None:
    frame = Frame(dialect, view.size_px)
    point = view.to_picture(view.to_plane((x, y)))
    # Within the first unit of hundred all numbers could be fractions.
    point = min(max(point[0], 0.02), 1.0), min(max(point[1], 0.02), 1.0)
    low = point[0] * (1 - width), point[1] * (1 - height)
    high = low[0] + width, low[1] + height
    corners = [low, (high[0], low[1]), high, (low[0], high[1])]

    read = parse_point(frame.write(Question.POINT, [point]), frame)
    box = parse_box(frame.write(Question.BOX, [low, high]), frame)
    outline = parse_polygon(frame.write(Question.POLYGON, corners), frame)

    assert apart_px(read, point, view.size_px) <= 0.5
    assert apart_px(box, [*low, *high], view.size_px) <= 0.5
    assert apart_px(outline, corners, view.size_px) <= 0.5


@EACH
def test_a_box_of_no_size_keeps_one_unit(dialect: Dialect) -> None:
    frame = Frame(dialect, 224)

    for at in (0.02, 0.5, 1.0):
        box = parse_box(frame.write(Question.BOX, [(at, at), (at, at)]), frame)
        assert isinstance(box, tuple)


def test_a_family_speaks_its_dialect_and_an_unknown_one_none() -> None:
    assert dialect_of("qwen2_5_vl") == DIALECTS["qwen2.5-vl"]
    assert dialect_of("pixtral") is None
    spoken = [family for dialect in DIALECTS.values() for family in dialect.families]
    assert len(spoken) == len(set(spoken))


def documented() -> list[list[str]]:
    """Give the rows of docs/dialects.md, cell by cell."""
    page = (Path(__file__).parents[4] / "docs" / "dialects.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    return [row.strip("| ").split(" | ") for row in rows]


def test_the_page_shows_every_dialect_as_it_is_written_and_read() -> None:
    rows = {name.strip("`"): cells for name, *cells in documented()}

    assert list(rows) == list(DIALECTS)
    for name, (families, _, first, point, box, source) in rows.items():
        frame = Frame(DIALECTS[name], 448)
        said_point, said_box = (cell.strip("`").replace("\\|", "|") for cell in (point, box))
        assert said_point == frame.write(Question.POINT, [(0.25, 0.5)])
        assert said_box == frame.write(Question.BOX, [(0.25, 0.5), (0.5, 0.75)])
        assert parse_point(said_point, frame) == pytest.approx((0.25, 0.5), abs=0.5 / 448)
        assert parse_box(said_box, frame) == pytest.approx((0.25, 0.5, 0.5, 0.75), abs=0.5 / 448)
        assert first == "xy"[frame.dialect.y_first]
        assert source == frame.dialect.source
        assert tuple(re.findall(r"`(\w+)`", families)) == frame.dialect.families


SPOKEN = [
    ("qwen2-vl", Question.BOX, "<|box_start|>(250,500),(500,750)<|box_end|>"),
    (
        "qwen2-vl",
        Question.BOX,
        "<|object_ref_start|>tumor 1<|object_ref_end|><|box_start|>(250,500),(500,750)<|box_end|>",
    ),
    (
        "qwen2.5-vl",
        Question.BOX,
        '```json\n[{"bbox_2d": [112, 224, 224, 336], "label": "tumor"}]\n```',
    ),
    ("qwen3-vl", Question.BOX, '[{"bbox_2d": [250, 500, 500, 750], "label": "glioma"}]'),
    ("internvl", Question.BOX, "<ref>tumor 2</ref><box>[[250, 500, 500, 750]]</box>"),
    (
        "deepseek-vl2",
        Question.BOX,
        "<|ref|>tumor<|/ref|><|det|>[[249.75, 499.5, 499.5, 749.25]]<|/det|>",
    ),
    ("glm-v", Question.BOX, "The box is <|begin_of_box|>[250, 500, 500, 750]<|end_of_box|>"),
    ("gemma", Question.BOX, '[{"box_2d": [500, 250, 750, 500], "label": "tumor"}]'),
    ("paligemma", Question.BOX, "<loc0512><loc0256><loc0768><loc0512> tumor"),
    ("kimi-vl", Question.BOX, "[0.25, 0.5, 0.5, 0.75]"),
    ("molmo", Question.POINT, '<point x="25.0" y="50.0" alt="the tumor">the tumor</point>'),
    ("gemma", Question.POINT, '[{"point": [500, 250], "label": "tumor"}]'),
    ("paligemma", Question.POINT, "<loc0512><loc0256>"),
    ("qwen2.5-vl", Question.POINT, '[{"point_2d": [112, 224], "label": "tumor"}]'),
    ("qwen3-vl", Question.POINT, "The centre is at (25%, 50%)."),
    ("molmo", Question.BOX, '<points x2="50.0" y2="75.0" x1="25.0" y1="50.0">tumor</points>'),
    ("qwen2.5-vl", Question.POINT, '{"point_2d": [112, 224], "note": "in a 448x448 image"}'),
]


@pytest.mark.parametrize(("name", "question", "text"), SPOKEN)
def test_families_are_read_as_they_write(name: str, question: Question, text: str) -> None:
    parse = parse_point if question is Question.POINT else parse_box

    read = parse(text, Frame(DIALECTS[name], 448))

    assert read == pytest.approx((0.25, 0.5, 0.5, 0.75)[: 2 if question is Question.POINT else 4])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("qwen3-vl", '{"point_2d": [0.25, 0.5]}'),
        ("qwen2.5-vl", '{"point_2d": [1, 1]}'),
        ("qwen2.5-vl", '{"point_2d": [0.0, 1.0]}'),
        ("fractions", '{"x": "0.25%", "y": "0.5%"}'),
        ("molmo", '<point x="0.4" y="0.62">tumor</point>'),
        ("fractions", '{"x": 250, "y": 500}'),
        ("qwen2.5-vl", '{"point_2d": [700, 20]}'),
        ("paligemma", "<loc1025><loc0001>"),
    ],
)
def test_numbers_of_another_frame_are_refused_where_they_can_be_told(name: str, text: str) -> None:
    read = parse_point(text, Frame(DIALECTS[name], 448))

    assert isinstance(read, Failure)
    assert read.reason is FailureReason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("qwen2.5-vl", '{"point_2d": [60, 120], "label": "in pixels of the 240 x 240 image"}'),
        ("qwen2.5-vl", 'Coordinates are normalized to 1000.\n{"point_2d": [250, 400]}'),
        ("qwen3-vl", '{"point_2d": [60, 120], "note": "pixel coordinates"}'),
        ("molmo", 'These are in pixels. <point x="60" y="20">tumor</point>'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "the origin is at the bottom left"}'),
        ("fractions", '{"x": 0.25, "y": 0.5, "reason": "y is counted from the bottom"}'),
        ("fractions", '{"x": 0.25, "y": 0.5}, where the y axis points up'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "x runs from right to left"}'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "coordinates in millimetres"}'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "pixels of a 512 image"}'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "scaled to [-1, 1]"}'),
        ("fractions", '{"x": 0.25, "y": 0.5, "note": "of lower-left and upper-right corners"}'),
        ("molmo", '<point x="25.0" y="50.0" x="26.0" alt="tumor">tumor</point>'),
    ],
)
def test_an_answer_that_states_another_frame_is_refused(name: str, text: str) -> None:
    read = parse_point(text, Frame(DIALECTS[name], 448))

    assert isinstance(read, Failure)
    assert read.reason is FailureReason.CONTRADICTION


@pytest.mark.parametrize(
    "remark",
    ["it extends from lower left to upper right", "3 mm from the midline", "right to left shift"],
)
def test_a_remark_about_the_tumour_states_no_frame(remark: str) -> None:
    read = parse_point(f'{{"x": 0.25, "y": 0.5, "note": "{remark}"}}', Frame(DIALECTS["fractions"]))

    assert read == (0.25, 0.5)


@pytest.mark.parametrize(("name", "text"), [("fractions", "0,1"), ("molmo", "About 25,0.")])
def test_a_decimal_comma_is_not_taken_for_two_numbers(name: str, text: str) -> None:
    read = parse_point(text, Frame(DIALECTS[name], 448))

    assert isinstance(read, Failure)
    assert read.reason is FailureReason.NON_NUMERIC


def test_a_comma_parts_whole_numbers_where_no_decimals_are_asked_for() -> None:
    assert parse_point("250,400", Frame(DIALECTS["qwen3-vl"])) == (0.25, 0.4)
    assert parse_point("(0,1)", Frame(DIALECTS["fractions"])) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("molmo", '<points x1="10.0" y1="20.0" x2="30.0" y2="40.0" alt="tumors">tumors</points>'),
        ("molmo", '<point x="10.0" alt="tumor">tumor</point>'),
        ("paligemma", "<loc0512><loc0256> tumor ; <loc0012><loc0056> tumor"),
        ("internvl", "<box>[[250, 500, 500, 750], [1, 2, 3, 4]]</box>"),
    ],
)
def test_more_or_less_than_one_place_is_no_answer(name: str, text: str) -> None:
    parse = parse_box if "box" in text else parse_point

    assert isinstance(parse(text, Frame(DIALECTS[name], 448)), Failure)


def test_a_stated_order_stands_above_the_dialects() -> None:
    frame = Frame(DIALECTS["gemma"])

    assert parse_point("(x, y) = (250, 500)", frame) == (0.25, 0.5)
    assert parse_point("(500, 250)", frame) == (0.25, 0.5)
    assert parse_point('{"x": 250, "y": 500}', frame) == (0.25, 0.5)


def test_an_unknown_dialect_is_an_error_that_names_the_known() -> None:
    with pytest.raises(InvalidInputError, match="'klingon': wanted one of fractions, pixels"):
        dialect_named("klingon")
