"""The right answers, worded as the prompt asks and the parser reads."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from gliobench.adapters.transformers.fine_tuning.samples import (
    CORNERS,
    PictureReference,
    answer_text,
    radial_corners,
)
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import (
    FRACTIONS,
    parse_box,
    parse_grade,
    parse_point,
    parse_polygon,
)
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Grade

SQUARE = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
REFERENCE = PictureReference((0.5, 0.5), (0.4, 0.4, 0.6, 0.6), SQUARE, Grade.LGG)


@st.composite
def references(draw: st.DrawFn) -> PictureReference:
    """Tumours of any place, shape and size from a tenth of a per cent of the picture."""
    edge = st.floats(0.0, 0.999)
    x0, y0 = draw(edge), draw(edge)
    x1 = draw(st.floats(min(x0 + 0.001, 1.0), 1.0))
    y1 = draw(st.floats(min(y0 + 0.001, 1.0), 1.0))
    share = st.floats(0.0, 1.0)
    inner = [(x0 + draw(share) * (x1 - x0), y0 + draw(share) * (y1 - y0)) for _ in range(4)]
    corners = shapely.MultiPoint([(x0, y0), (x1, y1), (x0, y1), *inner]).convex_hull
    polygon = tuple((float(x), float(y)) for x, y in corners.exterior.coords[:-1])
    return PictureReference(
        point=inner[0],
        box=(x0, y0, x1, y1),
        polygon=polygon,
        grade=draw(st.sampled_from([*Grade, None])),
    )


PIXELS = DIALECTS["pixels"]
FRAMES = st.sampled_from([FRACTIONS, *(Frame(PIXELS, edge) for edge in (28, 224, 560))])


@given(references(), FRAMES)
def test_the_parser_reads_every_answer_back_to_the_last_digit(
    reference: PictureReference, frame: Frame
) -> None:
    scale = 1000 if frame is FRACTIONS else frame.edge_px

    if reference.grade:
        assert parse_grade(answer_text(Question.GRADE, reference)) is reference.grade
    point = parse_point(answer_text(Question.POINT, reference, frame), frame)
    box = parse_box(answer_text(Question.BOX, reference, frame), frame)
    polygon = parse_polygon(answer_text(Question.POLYGON, reference, frame), frame)

    assert point == tuple(round(round(at * scale) / scale, 6) for at in reference.point)
    assert isinstance(box, tuple)
    assert box == pytest.approx(reference.box, abs=1 / scale + 1e-6)
    assert isinstance(polygon, tuple)
    assert shapely.Polygon(polygon).is_valid


def test_answers_are_worded_as_the_prompts_ask() -> None:
    said = {question: answer_text(question, REFERENCE) for question in Question}

    assert said[Question.GRADE] == '{"grade": "LGG"}'
    assert said[Question.POINT] == '{"x": 0.500, "y": 0.500}'
    assert said[Question.BOX] == '{"x0": 0.400, "y0": 0.400, "x1": 0.600, "y1": 0.600}'
    assert said[Question.POLYGON].startswith('{"polygon": [[0.500, 0.400], [0.600, 0.400], ')
    assert answer_text(Question.POINT, REFERENCE, Frame(PIXELS, 56)) == '{"x": 28, "y": 28}'


def test_an_outline_has_its_corners_in_fixed_directions_clockwise_from_the_top() -> None:
    corners = radial_corners(SQUARE)

    assert len(corners) == CORNERS
    assert corners[0] == pytest.approx((0.5, 0.4))
    assert corners[2] == pytest.approx((0.6, 0.5))
    assert corners[3] == pytest.approx((0.6, 0.6))


def test_a_crescent_is_outlined_by_its_hull() -> None:
    crescent = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.9, 1.0), (0.9, 0.1), (0.0, 0.1))

    outline = shapely.Polygon(radial_corners(crescent))

    assert outline.is_valid
    assert outline.contains(shapely.Polygon(crescent).centroid)


def test_an_unknown_grade_is_not_asked_for() -> None:
    unknown = PictureReference((0.5, 0.5), (0.4, 0.4, 0.6, 0.6), SQUARE)

    assert Question.GRADE not in unknown.questions
    with pytest.raises(InvalidInputError, match="grade is unknown"):
        answer_text(Question.GRADE, unknown)


def test_a_tumour_outside_the_picture_is_no_truth_about_it() -> None:
    with pytest.raises(InvalidInputError, match="outside the picture"):
        PictureReference((0.5, 0.5), (0.9, 0.4, 1.1, 0.6), SQUARE)
