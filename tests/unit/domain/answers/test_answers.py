import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import (
    FRACTIONS,
    parse_box,
    parse_grade,
    parse_point,
    parse_polygon,
)
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Grid, Plane
from gliobench.domain.predictions.prediction import Failure, FailureReason, NoTumour
from gliobench.domain.slices.view import SliceView
from gliobench.domain.studies.study import Grade

PARSERS: dict[str, Callable[..., Any]] = {
    "Grade": parse_grade,
    "Centre point": parse_point,
    "Bounding box": parse_box,
    "Polygon": parse_polygon,
}
PLACES = [parse_point, parse_box, parse_polygon]
PIXELS = Frame(DIALECTS["pixels"], 336)
FRAMES = [FRACTIONS, PIXELS]
DEEP = 100_000


def documented() -> list[tuple[str, str, str]]:
    """Give each example of docs/answers.md: heading, what the model writes, how it is read."""
    page = (Path(__file__).parents[4] / "docs" / "answers.md").read_text("utf-8")
    rows = []
    for section in page.split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        for ticks, written, read in re.findall(r"^\| (`+)(.+?)\1 \| (.+) \|$", body, re.MULTILINE):
            text = written.strip() if len(ticks) > 1 else written
            rows.append((heading, text.replace("↵", "\n"), read))
    return rows


def spoken(answer: object) -> str:
    """Write an answer as the page does."""
    if isinstance(answer, Failure):
        return f"failure `{answer.reason.value}`"
    if isinstance(answer, Grade):
        return answer.value
    if isinstance(answer, NoTumour):
        return "no tumour"
    return str(answer).translate(str.maketrans("", "", "()"))


def reason(answer: object) -> FailureReason:
    assert isinstance(answer, Failure)
    return answer.reason


ANSWER = '{"x": 0.4, "y": 0.6}'


@pytest.mark.parametrize(
    "text",
    [
        *("`{}` is not correct", "{}? No.", "{} doesn't look right", "{}\n\nThat's wrong."),
        *("{}\nThe JSON object above is only an example.", "I don't think it is {}"),
        *("This is not the center: {}", "If the center is at {}", "A wrong answer would be {}"),
    ],
)
def test_an_object_that_the_words_around_it_deny_is_no_answer(text: str) -> None:
    answer = parse_point(text.replace("{}", ANSWER))

    assert reason(answer) is FailureReason.EMPTY_ANSWER


@pytest.mark.parametrize(
    "text",
    [
        *("{}\nThis is not medical advice.", "{}\nIt is not in the right hemisphere."),
        *("As it does not enhance, the center is at {}.", "{} No tumor elsewhere."),
        *("I am not sure, but the answer is {}", "{} is the answer, not an example"),
    ],
)
def test_an_object_among_words_that_deny_something_else_is_an_answer(text: str) -> None:
    assert parse_point(text.replace("{}", ANSWER)) == (0.4, 0.6)


@pytest.mark.parametrize(
    "text",
    [
        *("(0.4, 0.6). No, that is wrong.", "(0.4, 0.6)\nThese values are placeholders."),
        *(
            "x = 0.4\ny = 0.6\nNote: this is only an example.",
            "(0.4, 0.6). Wait, that isn't right.",
        ),
        '{"x": 0.4, "y": 0.6, "note": "example values"}',
        '{"x": 0.4, "y": 0.6}\nThe rim enhances.\nThese coordinates are hypothetical.',
    ],
)
def test_a_place_that_a_later_sentence_or_a_remark_takes_back_is_no_answer(text: str) -> None:
    assert reason(parse_point(text)) is FailureReason.EMPTY_ANSWER


def test_a_grade_that_a_later_sentence_takes_back_is_no_answer() -> None:
    assert reason(parse_grade("HGG. No, wait: it is not.")) is FailureReason.EMPTY_ANSWER
    assert parse_grade("HGG.\nThis is an example of a ring of enhancement.") is Grade.HGG


@pytest.mark.parametrize(
    "remark",
    [
        *('"label": "brain"', '"label": "normal brain"', '"name": "skull"', '"label": "no tumor"'),
        *('"note": "No tumor is visible."', '"reason": "There is no evidence of a tumour."'),
        *('"note": "Tumor not visible"', '"note": "There is no clear tumor; default center"'),
        *('"note": "The mass isn\'t visible here, so the middle."', '"label": "artifact"'),
    ],
)
def test_a_place_of_something_else_than_a_tumour_is_a_contradiction(remark: str) -> None:
    answer = parse_point(f'{{"x": 0, "y": 0, {remark}}}')

    assert reason(answer) is FailureReason.CONTRADICTION


@pytest.mark.parametrize("label", ["brain tumor", "glioma in the left hemisphere", "edema", "roi"])
def test_a_place_that_is_called_a_tumour_or_nothing_else_is_an_answer(label: str) -> None:
    assert parse_point(f'{{"x": 0.4, "y": 0.6, "label": "{label}"}}') == (0.4, 0.6)


def test_a_place_beside_a_sentence_that_there_is_no_tumour_is_a_contradiction() -> None:
    text = 'No tumor is visible. {"x": 0.5, "y": 0.5}'

    assert reason(parse_point(text)) is FailureReason.CONTRADICTION


@pytest.mark.parametrize(
    "remark", ['"label": "HGG"', '"explanation": "Ring. This is a high-grade glioma."']
)
def test_a_grade_whose_remark_plainly_states_the_other_is_a_contradiction(remark: str) -> None:
    answer = parse_grade(f'{{"grade": "LGG", {remark}}}')

    assert reason(answer) is FailureReason.CONTRADICTION


@pytest.mark.parametrize(
    "text",
    [
        *("LGG. WHO grade IV.", '{"grade": "LGG", "reason": "This is a glioblastoma."}'),
        *("HGG (WHO grade 2)", '{"grade": "LGG"}\nIt is a GBM.'),
        *('{"grade": "LGG", "probability_hgg": 0.9}', '{"grade": "HGG", "hgg": 20, "lgg": 80}'),
        *('{"grade": "LGG", "WHO grade": "IV"}', '{"grade": "HGG", "who_grade": 2}'),
        '{"grade": "LGG", "tumor_type": "glioblastoma"}',
        '{"grade": "LGG", "findings": ["This is a high-grade glioma."]}',
    ],
)
def test_a_grade_beside_a_type_of_the_other_is_a_contradiction(text: str) -> None:
    assert reason(parse_grade(text)) is FailureReason.CONTRADICTION


@pytest.mark.parametrize(
    "words",
    [
        *("No image was provided.", "I cannot see the image, so I assume.", "The image is blank."),
        *("I don't have access to the attached picture.", "Without an image this is a guess."),
    ],
)
def test_what_is_answered_without_a_picture_is_a_refusal(words: str) -> None:
    for text in (json.dumps({"grade": "HGG", "reason": words}), f'{words} {{"grade": "HGG"}}'):
        assert reason(parse_grade(text)) is FailureReason.REFUSAL
    assert reason(parse_point(f"(0.5, 0.5)\n{words}")) is FailureReason.REFUSAL


def test_a_grade_whose_remark_weighs_the_other_is_an_answer() -> None:
    remark = "No features of a high-grade glioma. This is not a high-grade glioma."

    assert parse_grade(json.dumps({"grade": "LGG", "explanation": remark})) is Grade.LGG


@pytest.mark.parametrize("text", ["[ ] HGG", "HGG (-)", "!HGG"])
def test_a_grade_that_is_not_ticked_is_no_answer(text: str) -> None:
    assert reason(parse_grade(text)) is FailureReason.NO_GRADE


@pytest.mark.parametrize(
    "note",
    [
        *(
            "relative to the image center",
            "coordinates are relative to the brain",
            "x from the right",
        ),
        *("in a 0-100 scale", "out of 640", "after mirroring the image", "flipped horizontally"),
    ],
)
def test_a_remark_that_states_another_frame_is_a_contradiction(note: str) -> None:
    answer = parse_point(json.dumps({"x": 0.4, "y": 0.6, "note": note}))

    assert reason(answer) is FailureReason.CONTRADICTION


@pytest.mark.parametrize(
    "note",
    [
        "not visible on T1n",
        "range 0 to 1",
        "hyperintense relative to the surrounding brain",
        "two out of three",
    ],
)
def test_a_remark_that_states_the_frame_or_speaks_of_the_image_is_read_over(note: str) -> None:
    assert parse_point(json.dumps({"x": 0.4, "y": 0.6, "note": note})) == (0.4, 0.6)


@pytest.mark.parametrize(("heading", "text", "read"), documented())
def test_the_page_on_answers_says_how_they_are_read(heading: str, text: str, read: str) -> None:
    assert spoken(PARSERS[heading](text)) == read


def test_the_page_has_examples_of_every_question_and_every_reason() -> None:
    rows = documented()

    assert {heading for heading, _, _ in rows} == set(PARSERS)
    reasons = {read.split("`")[1] for _, _, read in rows if read.startswith("failure")}
    assert reasons == {
        *(
            "empty_answer",
            "refusal",
            "no_grade",
            "contradiction",
            "no_numbers",
            "wrong_arity",
            "non_numeric",
            "out_of_range",
        ),
        *("inverted_box", "too_few_vertices", "self_intersection", "truncated", "no_tumour_found"),
    }


@pytest.mark.parametrize("parse", PARSERS.values())
@pytest.mark.parametrize("text", ["", "  \n", "```json\n```"])
def test_silence_is_an_empty_answer(parse: Callable[..., Any], text: str) -> None:
    assert reason(parse(text)) is FailureReason.EMPTY_ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "No tumor.",
        "There is no tumour in this image.",
        "**No evidence of a glioma**",
        "I can see no tumor or mass in the scan.",
        "No visible lesion is present. There is no mass.",
    ],
)
@pytest.mark.parametrize("parse", PLACES)
def test_no_tumour_said_plainly_is_an_answer(parse: Callable[..., Any], text: str) -> None:
    assert parse(text) == NoTumour()


@pytest.mark.parametrize(
    "text",
    [
        "There is no tumour in the left half.",
        "No tumour is visible, but a mass is on the right.",
        "I see a tumor and no lesion.",
        "No tumour was missed.",
        "Is there no tumour?",
        "There is no tumour at (0.4, 0.6).",
        "No tumour here. The tumour is at (0.4, 0.6).",
    ],
)
@pytest.mark.parametrize("parse", PLACES)
def test_no_tumour_among_other_words_is_no_answer(parse: Callable[..., Any], text: str) -> None:
    assert isinstance(parse(text), Failure)


def test_a_failure_keeps_the_raw_text_and_says_why() -> None:
    failure = parse_box("[0.5, 0.2, 0.1, 0.6]  \n")

    assert failure == Failure(
        FailureReason.INVERTED_BOX,
        "the box runs from (0.5, 0.2) to (0.1, 0.6)",
        raw="[0.5, 0.2, 0.1, 0.6]  \n",
    )


@pytest.mark.parametrize(
    "text",
    [
        "no evidence of high grade",
        "not a high-grade glioma",
        "non-HGG",
        "This isn’t HGG.",
        "HGG is unlikely",
        "if it enhances, HGG",
        "high-grade cannot be excluded",
        "P(HGG) = 0.2",
        "HGG: 20 %",
        "¬HGG",
        "The signal is high.",
        "high grade? no",
        '{"grade": "not HGG"}',
        '{"grade": ["HGG"]}',
        'The answer is not {"grade": "HGG"}',
        'rather than {"grade": "HGG"}',
        '{"grade": "HGG", "grade": "LGG"}',
        '{"grade": "HGG", "diagnosis": "LGG"}',
        '{"grade": "HGG"} or rather low-grade',
        '{"HGG": 0.9, "LGG": 0.1}',
        '[{"grade": "HGG"}, {"grade": "LGG"}]',
        "HGGs",
        "III",
    ],
)
def test_a_text_that_does_not_plainly_give_one_grade_gives_none(text: str) -> None:
    assert isinstance(parse_grade(text), Failure)


@pytest.mark.parametrize(
    "text",
    [
        "hgg",
        "high grade",
        "HIGH\N{NON-BREAKING HYPHEN}GRADE GLIOMA",
        "$\\boxed{HGG}$",
        "Grade: High",
        "{'grade': 'HGG'}",
        "Based on the image, this is consistent with a high-grade glioma.",
        '{"grade": "HGG"}\n{"grade": "high-grade"}',
        '[{"grade": "HGG"}]',
        '{"answer": "High-Grade Glioma (HGG)", "explanation": "unlike low-grade ones it enhances"}',
        "High-grade glioma.\nThere is no mass effect.",
        *("glioblastoma (HGG)", "HGG</s>", "\\boxed{\\text{HGG}}", "HGG, WHO grade III"),
        "<|begin_of_box|>HGG<|end_of_box|>",
        '{"grade": "HGG", "findings": ["ring", "oedema"], "confidence_score": 0.9}',
        '{"grade": "HGG", "probability_hgg": 0.9, "P(LGG)": "10%", "who_grade": 4}',
        '{"grade": "HGG", "note": "I have no access to the image metadata"}',
    ],
)
def test_a_grade_is_read_in_the_ways_that_models_write_it(text: str) -> None:
    assert parse_grade(text) is Grade.HGG


@pytest.mark.parametrize(
    "text",
    [
        "(0.4, 0.6) (0.4, 0.7)",
        '{"x": 0.4, "y": 0.6} {"x": 0.4, "y": 0.7}',
        '{"x": 0.4, "x": 0.5, "y": 0.6}',
        '{"x": 0.4, "X": 0.5, "y": 0.6}',
        '{"x": 0.4, "y": 0.6} No: x = 0.5',
        '{"point": [0.4, 0.6], "center": [0.5, 0.6]}',
        "x = 0.4, y = 0.6, x = 0.5",
        '{"x": 0.4, "y": 0.6, "unit": "percent"}',
    ],
)
def test_two_different_answers_in_one_text_are_none(text: str) -> None:
    assert reason(parse_point(text)) in {FailureReason.CONTRADICTION, FailureReason.WRONG_ARITY}


def test_the_same_answer_twice_is_one() -> None:
    assert parse_point('{"x": 0.4, "y": 0.6}\n{"y": 0.60, "x": 0.4}') == (0.4, 0.6)


@pytest.mark.parametrize(
    "text",
    [
        "(\N{MINUS SIGN}0.4, 0.6)",
        "(~0.4, 0.6)",
        "(0.4.5, 0.6)",
        "(.5.5, 0.6)",
        "(0.4x, 0.6)",
        "(\N{ARABIC-INDIC DIGIT FOUR}, 0.6)",
        "(0.4\N{SUPERSCRIPT TWO}, 0.6)",
        "x < 0.4, y = 0.6",
        "x = 0.4 or y = 0.6",
        "0.4-0.6",
        "0.4/0.6",
        "(0.4, 0.6)?",
        "0.4 from the left, 0.6 in the right half",
        "not in the left frontal lobe, (0.4, 0.6)",
        "between 0.4 and 0.6",
        '{"x": true, "y": 0.6}',
        '{"x": null, "y": 0.6}',
        '{"x": [0.4], "y": 0.6}',
        '{"x": "0.4 to 0.5", "y": 0.6}',
        '{"x": "\N{ARABIC-INDIC DIGIT FOUR}", "y": 0.6}',
    ],
)
def test_what_is_not_plainly_a_number_is_none(text: str) -> None:
    assert reason(parse_point(text)) is FailureReason.NON_NUMERIC


@pytest.mark.parametrize(
    "text",
    [
        "(-0.4, 0.6)",
        "(1.01, 0.6)",
        "(101%, 60%)",
        '{"x": 1e999, "y": 0.6}',
        '{"x": ' + "9" * 5000 + ', "y": 0.6}',
        "(" + "9" * 5000 + ", 0.6)",
    ],
)
def test_a_place_outside_the_picture_is_out_of_range(text: str) -> None:
    assert reason(parse_point(text)) is FailureReason.OUT_OF_RANGE


def test_the_edges_of_the_picture_are_inside() -> None:
    assert parse_box("[0, 0.0, 1.0, 1]") == (0.0, 0.0, 1.0, 1.0)
    assert parse_box("[0, 0, 336, 336]", PIXELS) == (0.0, 0.0, 1.0, 1.0)


def test_pixels_count_only_where_the_prompt_asked_for_them() -> None:
    assert parse_point('{"x": 84, "y": 168}', PIXELS) == (0.25, 0.5)
    assert parse_point("(25%, 50%)", PIXELS) == (0.25, 0.5)
    assert reason(parse_point('{"x": 84, "y": 168}')) is FailureReason.OUT_OF_RANGE


def test_a_picture_without_pixels_is_no_frame() -> None:
    with pytest.raises(InvalidInputError, match="0 pixels"):
        Frame(DIALECTS["pixels"], 0)


@pytest.mark.parametrize("text", ["(0.4, 0.6)", '{"x": 0.4, "y"', "The centre is at", "{"])
def test_an_answer_that_was_cut_off_is_truncated(text: str) -> None:
    assert reason(parse_point(text, finished=False)) is FailureReason.TRUNCATED


def test_a_closed_object_counts_though_the_words_after_it_were_cut_off() -> None:
    text = '{"x": 0.4, "y": 0.6}\nThe tumour lies in the'

    assert parse_point(text, finished=False) == (0.4, 0.6)
    assert parse_grade('{"grade": "LGG"} because the', finished=False) is Grade.LGG


def test_an_object_inside_an_unclosed_one_is_truncated() -> None:
    assert reason(parse_point('{"a": {"x": 0.4, "y": 0.6}')) is FailureReason.TRUNCATED


def test_a_refusal_is_one_though_it_was_cut_off_and_though_numbers_follow() -> None:
    assert reason(parse_grade("I cannot provide a", finished=False)) is FailureReason.REFUSAL
    assert reason(parse_point("I'm sorry. Say (0.5, 0.5).")) is FailureReason.REFUSAL


def test_a_closed_polygon_loses_its_last_vertex_and_keeps_its_first() -> None:
    text = '{"polygon": [[0.1, 0.2], [0.1, 0.2], [0.5, 0.2], [0.3, 0.4], [0.1, 0.2]]}'

    assert parse_polygon(text) == ((0.1, 0.2), (0.5, 0.2), (0.3, 0.4))


def test_a_polygon_of_one_place_thrice_has_too_few_vertices() -> None:
    answer = parse_polygon("(0.1, 0.2), (0.1, 0.2), (0.1, 0.2)")

    assert reason(answer) is FailureReason.TOO_FEW_VERTICES


@pytest.mark.parametrize("parse", PARSERS.values())
@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEP,
        '{"a":' * DEEP,
        "[" * DEEP + "]" * DEEP,
        '{"point":' * 900 + "1" + "}" * 900,
        '[{"polygon":' * 400 + "1" + "}]" * 400,
        '{"x": 0.1, "x": ' + "[" * 900 + "]" * 900 + "}",
        "[1," * 900,
        "9" * DEEP + "x",
        " " * DEEP + "1",
        "1" + " " * DEEP + "x",
        '{"x":"' * 10_000,
        "(0.1, 0.2), " * 10_000,
        "high-grade " * 10_000,
        "no " * 10_000,
        "y, x, " * 10_000,
        "yxyx " * 10_000,
        "y(" * 10_000,
        "<think>" * 10_000,
        "</think>" * 10_000,
        "<think " * 10_000,
        "<" + " " * DEEP + "x",
        "[" * 20_000 + "y, x" + "]" * 20_000,
        "y" + " ," * 20_000 + "x",
        "\ud800{\x00}",
    ],
)
def test_a_monstrous_text_is_a_failure(parse: Callable[..., Any], text: str) -> None:
    answer = parse(text)

    assert isinstance(answer, Failure) or answer is Grade.HGG


FRACTION = st.integers(0, 1000).map(lambda thousandths: thousandths / 1000)
SCRAPS = st.sampled_from(
    [
        *(
            '{"',
            '"}',
            "{",
            "}",
            "[",
            "]",
            "(",
            ")",
            ":",
            ",",
            ";",
            '"',
            "'",
            "=",
            "%",
            "-",
            "+",
            ".",
        ),
        *("\n", " ", "```json\n", "```", "x", "y", "x0", "y0", "x1", "y1", "polygon", "grade"),
        *('"x": ', '"y": ', "HGG", "LGG", "high", "low", "-grade", "not ", "no ", "or ", "is "),
        *("0", "1", "0.4", "1e400", "-0.0", "NaN", "Infinity", "null", "true", "1e-320", "٤", "−"),
        *("<think>", "</think>", "◁/think▷", "<answer>", "(y, x)", "yxyx", "row, col", "top, left"),
        *("[y_min, x_min, y_max, x_max]", "[x, y, w, h]", '"box_2d": ', "y first", "x_max, "),
        *("[0.1, 0.2]", "[0.5, 0.2]", "[0.3, 0.4]", "0.1, 0.2, 0.5, 0.6", "I cannot", "The centre"),
    ]
)
CHARACTERS = st.characters(exclude_categories=["Cs"])
"""Those of UTF-8; named so, Hypothesis does not first encode each once."""
TEXTS = st.text(CHARACTERS) | st.lists(SCRAPS, max_size=30).map("".join)
JSONS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | FRACTION
    | st.text(CHARACTERS, max_size=5),
    lambda one: (
        st.lists(one, max_size=6)
        | st.dictionaries(
            st.sampled_from(
                ["x", "y", "x0", "y0", "x1", "y1", "box", "polygon", "points", "answer"]
            ),
            one,
            max_size=6,
        )
    ),
    max_leaves=20,
).map(json.dumps)


@given(text=TEXTS | JSONS, finished=st.booleans())
def test_no_text_makes_the_reading_of_a_grade_raise(text: str, finished: bool) -> None:
    answer = parse_grade(text, finished=finished)

    assert isinstance(answer, Grade) or answer.raw == text


@pytest.mark.parametrize("parse", PLACES)
@given(text=TEXTS | JSONS, frame=st.sampled_from(FRAMES), finished=st.booleans())
@example(text="[[0.0, 0.0], [0.0, 0.0], [1e-300, 1e-300]]", frame=FRACTIONS, finished=True)
def test_no_text_raises_or_gives_a_place_outside_the_picture(
    parse: Callable[..., Any], frame: Frame, text: str, finished: bool
) -> None:
    answer = parse(text, frame, finished=finished)

    if isinstance(answer, Failure):
        assert answer.raw == text
    else:
        flat = [at for pair in answer for at in (pair if isinstance(pair, tuple) else (pair,))]
        assert all(math.isfinite(at) and 0 <= at <= 1 for at in flat)
        assert parse is not parse_box or (flat[0] < flat[2] and flat[1] < flat[3])
        assert parse is not parse_polygon or shapely.Polygon(answer).is_valid


OBLIQUE = np.array([[0.9, 0.1, 0, -80], [0, 1.1, 0, -126], [0, 0, 3, 0], [0, 0, 0, 1]])
VIEW = SliceView.of(Grid((155, 240, 7), OBLIQUE), Plane(Axis.AXIAL, 3), 336)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=12))
@example([(0.0, 0.0), (1.0, 0.0), (1e-7, 1e-7)])
@example([(0.0, 0.0), (0.5, 0.5), (1.0, 0.999999)])
def test_a_polygon_that_is_read_is_one_on_the_plane_too(corners: list[tuple[float, float]]) -> None:
    answer = parse_polygon(json.dumps({"polygon": corners}))

    if not isinstance(answer, Failure):
        VIEW.polygon_from_picture(answer)


@given(x=FRACTION, y=FRACTION)
def test_a_point_in_json_or_in_brackets_or_by_name_is_the_same(x: float, y: float) -> None:
    assume(max(x, y) > 0.01)  # percentages below 1 could be fractions
    ways = [
        json.dumps({"x": x, "y": y}),
        f"({x}, {y})",
        f"x: {x}, y: {y}",
        f"The center is at [{x}, {y}].",
        f"{round(100 * x, 1)}%, {round(100 * y, 1)}%",
    ]

    assert {parse_point(way) for way in ways} == {(x, y)}


EDGES = ("x_min", "y_min", "x_max", "y_max")
GENERATIONS = [
    EDGES,
    ("xmin", "ymin", "xmax", "ymax"),
    ("x0", "y0", "x1", "y1"),
    ("x1", "y1", "x2", "y2"),
    ("left", "top", "right", "bottom"),
    ("col_start", "row_start", "col_end", "row_end"),
    ("x_left", "y_top", "x_right", "y_bottom"),
    ("min x", "min y", "max x", "max y"),
]


@given(names=st.sampled_from(GENERATIONS), positions=st.permutations(range(4)))
@settings(max_examples=30)
@pytest.mark.parametrize(
    "wording",
    [
        "[{names}]: {numbers}",
        "{names} = {numbers}",
        "The box is {numbers} in ({names}) order.",
        'In [{names}] format: {{"bbox": {numbers}}}',
        '{{"box_2d": {numbers}, "label": "tumour, as [{names}]"}}',
        '{{"box": {numbers}, "format": "{names}"}}',
        "```json\n[{numbers}]\n``` as {names}",
    ],
)
def test_a_box_is_read_in_whatever_order_is_stated(
    wording: str, names: tuple[str, ...], positions: list[int]
) -> None:
    box = (0.1, 0.2, 0.5, 0.6)
    stated = ", ".join(names[at] for at in positions)
    numbers = json.dumps([box[at] for at in positions])

    assert parse_box(wording.format(names=stated, numbers=numbers)) == box


@given(x=FRACTION, y=FRACTION)
def test_a_point_is_read_in_the_order_that_is_stated(x: float, y: float) -> None:
    ways = [
        f"(y, x) = ({y}, {x})",
        f"[row, column]: [{y}, {x}]",
        f"The y and x coordinates are {y}, {x}.",
        f"y {y}, x {x}",
        f"The center is at ({y}, {x}) (y, x).",
        json.dumps({"center": [y, x]}) + " (vertical, horizontal)",
        json.dumps({"point": [y, x], "explanation": "y first, then x"}),
        json.dumps({"[y, x]": [y, x]}),
        json.dumps({"center": [y, x]}) + " in (r, c)",
        json.dumps({"center": [y, x]}) + " with the height axis first",
        f"({y}, {x}) where y comes first",
        json.dumps({"y": y, "x": x}) + " given as (x, y)",
        json.dumps({"row": y, "column": x}),
    ]

    assert {parse_point(way) for way in ways} == {(x, y)}


@pytest.mark.parametrize(
    "text",
    [
        'The first value is y and the second is x: {"box": [0.2, 0.1, 0.6, 0.5]}',
        '{"box": [0.2, 0.1, 0.6, 0.5], "explanation": "y comes before the other axis"}',
        'In [x, y, w, h] format: {"bbox": [0.1, 0.2, 0.4, 0.5]}',
        '{"bbox": [0.3, 0.4, 0.4, 0.5], "format": "cxcywh"}',
        "x (0.1, 0.5), y (0.2, 0.6)",
        "(x_min, x_max) = (0.1, 0.5), (y_min, y_max) = (0.2, 0.6)",
        "top at 0.2, left at 0.1, bottom at 0.6, right at 0.5",
        '[y1, x1, y2, x2] or [x1, y1, x2, y2]: {"box": [0.1, 0.2, 0.5, 0.6]}',
        '{"box_2d": [0.2, 0.1, 0.6, 0.5], "label": "tumour"}',
        '{"box": [0.1, 0.2, 0.5, 0.6], "format": "pixels"}',
        "bottom left (0.1, 0.2), top right (0.5, 0.6)",
        "Lower right: (0.1, 0.2), upper left: (0.5, 0.6)",
        "bottom-right: (0.1, 0.2), top-left: (0.5, 0.6)",
    ],
)
def test_a_box_whose_order_is_not_clear_is_none(text: str) -> None:
    assert isinstance(parse_box(text), Failure)


@pytest.mark.parametrize(
    "text",
    [
        "The top-left and bottom-right corners are (0.1, 0.2) and (0.5, 0.6).",
        "Top left: 0.1, 0.2, bottom right: 0.5, 0.6",
        "The tumor in the lower right: upper left (0.1, 0.2), lower right (0.5, 0.6)",
        "The tumor is on the left: [0.1, 0.2, 0.5, 0.6]",
        'x is to the right and y down. {"box": [0.1, 0.2, 0.5, 0.6]}',
        "top 0.2, left 0.1, bottom 0.6, right 0.5",
    ],
)
def test_words_of_place_that_state_no_order_change_none(text: str) -> None:
    assert parse_box(text) == (0.1, 0.2, 0.5, 0.6)


THOUGHTS = [
    "<think>{}</think>",
    "<THINK>{}</THINK>",
    "<thinking>{}</thinking>",
    "<reasoning>\n{}\n</reasoning>",
    "◁think▷{}◁/think▷",
    "[THINK]{}[/THINK]",
    "<|begin_of_thought|>{}<|end_of_thought|>",
    "<|START_THINKING|>{}<|END_THINKING|>",
    "<|think|>{}<|/think|>",
    "<｜begin▁of▁thinking｜>{}<｜end▁of▁thinking｜>",
    "&lt;think&gt;{}&lt;/think&gt;",
    "<unused94>thought\n{}<unused95>",
    "<|channel>thought\n{}<channel|>",
    "<|channel|>analysis<|message|>{}<|end|><|start|>assistant<|channel|>final<|message|>",
    "{}</think>",
    "<think><think>{}</think></think>",
    "<think>{}</think>\n<think>{}</think>",
]


@pytest.mark.parametrize("thought", THOUGHTS)
@given(inside=TEXTS | JSONS)
@settings(max_examples=10)
def test_whatever_a_model_thinks_only_what_it_says_counts(thought: str, inside: str) -> None:
    silent = thought.replace("{}", re.sub(r"[<>◁▷\[|]", "", inside))

    assert parse_point(silent + "\n(0.4, 0.6)") == (0.4, 0.6)
    assert parse_grade(f"{silent}<answer>LGG</answer>") is Grade.LGG
    assert reason(parse_box(silent)) is FailureReason.EMPTY_ANSWER


@pytest.mark.parametrize(
    "opened",
    [
        "<think>",
        "<Thinking>",
        "◁think▷",
        "</think>(0.4, 0.6)<think>",
        "<|channel|>analysis<|message|>",
    ],
)
@pytest.mark.parametrize("parse", PARSERS.values())
def test_a_thought_without_an_end_is_truncated(parse: Callable[..., Any], opened: str) -> None:
    text = opened + 'So it is {"grade": "HGG"} at {"x": 0.4, "y": 0.6}'

    assert parse(text) == Failure(
        FailureReason.TRUNCATED, "the answer ends inside the model's reasoning", raw=text
    )


@given(st.lists(FRACTION, min_size=1, max_size=9))
def test_numbers_of_another_count_are_no_point_and_no_box(numbers: list[float]) -> None:
    text = json.dumps(numbers)

    assert isinstance(parse_point(text), Failure) is (len(numbers) != 2)
    assert len(numbers) == 4 or isinstance(parse_box(text), Failure)
