from __future__ import annotations

import json
import re

import pytest

from gliobench.adapters.vision_language.prompts import (
    GRADE_ANSWERS,
    MAX_VERTICES,
    VERSION,
    Prompts,
    answer_schema,
)
from gliobench.domain.answers.dialects import DIALECTS, Dialect
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import parse_grade
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.slices.view import Composition
from gliobench.domain.studies.study import Modality

PROMPTS = Prompts.load()


def test_a_changed_word_asks_for_a_new_version() -> None:
    assert (VERSION, PROMPTS.sha256) == (
        "1",
        "6b7dc12833289448a1882590c80726784114d8701b9be29f332ba55cdc8d46fa",
    )


def test_another_template_has_another_hash() -> None:
    other = Prompts({**PROMPTS.templates, Question.GRADE: "$picture How bad is it?"})

    assert other.sha256 != PROMPTS.sha256


@pytest.mark.parametrize("question", Question)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_every_question_says_how_to_answer_and_leaves_nothing_to_fill_in(
    question: Question, dialect: Dialect
) -> None:
    words = PROMPTS.prompt_text(question, frame=Frame(dialect, 280))

    assert re.search(r"^Answer (with JSON|in this way) only: \S", words, re.MULTILINE)
    assert "$" not in words
    assert words == words.strip()


@pytest.mark.parametrize("question", [Question.POINT, Question.BOX, Question.POLYGON])
def test_a_place_is_asked_for_without_a_number_that_could_be_repeated(question: Question) -> None:
    words = PROMPTS.prompt_text(question)

    numbers = {float(one) for one in re.findall(r"(?<![A-Z\d.])\d+\.?\d*", words)}
    assert numbers <= {0, 1, 3, MAX_VERTICES}  # edges, decimals, counts


@pytest.mark.parametrize("question", [Question.POINT, Question.BOX, Question.POLYGON])
def test_pixels_are_asked_for_up_to_the_edge_of_the_picture(question: Question) -> None:
    words = PROMPTS.prompt_text(question, frame=Frame(DIALECTS["pixels"], 560))

    assert "pixels of the picture" in words
    assert "560 (right edge)" in words
    assert "fraction" not in words


def test_a_montage_names_its_panels_row_by_row_and_refers_to_one_of_them() -> None:
    words = PROMPTS.prompt_text(
        Question.POINT, composition=Composition.MONTAGE, modalities=tuple(Modality)
    )

    places = ["Top left: T1-weighted;", "top right: T1-weighted with contrast", "FLAIR"]
    assert [words.index(one) for one in places] == sorted(words.index(one) for one in places)
    assert "fractions of one panel" in words


def test_colours_are_named_with_what_they_show() -> None:
    words = PROMPTS.prompt_text(
        Question.GRADE,
        composition=Composition.RGB,
        modalities=(Modality.T2F, Modality.T1C, Modality.T2W),
    )

    assert "Red shows T2-FLAIR, green T1-weighted with contrast, blue T2-weighted." in words


def test_neighbouring_slices_are_context_and_the_last_picture_is_asked_about() -> None:
    words = PROMPTS.prompt_text(Question.BOX, context=True)

    assert words.startswith("The last picture shows what you are asked about.")
    assert "from the lowest to the highest: use them for context. This is one axial slice" in words
    assert "fractions of the last picture" in words


def test_four_pictures_of_a_slice_stand_behind_those_of_its_neighbours() -> None:
    words = PROMPTS.prompt_text(
        Question.POINT,
        composition=Composition.SEPARATE,
        modalities=tuple(Modality),
        context=True,
    )

    assert words.startswith("The last four pictures show what you are asked about.")
    assert "fractions of one picture" in words


def test_modalities_that_do_not_fit_the_composition_are_an_error() -> None:
    with pytest.raises(InvalidInputError, match="rgb of 1 modalities: wanted 3"):
        PROMPTS.prompt_text(Question.GRADE, composition=Composition.RGB)


def test_both_answers_on_grade_are_read_back() -> None:
    assert {grade: parse_grade(text) for grade, text in GRADE_ANSWERS.items()} == {
        grade: grade for grade in GRADE_ANSWERS
    }


ACCEPTED = {
    Question.GRADE: ['{"grade": "HGG"}', '{"grade": "LGG"}'],
    Question.POINT: ['{"x": 0.430, "y": 1}', '{"x": 0.000, "y": 0.5}'],
    Question.BOX: ['{"x0": 0.1, "y0": 0.2, "x1": 0.325, "y1": 1.000}'],
    Question.POLYGON: ['{"polygon": [[0, 0], [0.5, 0], [0.5, 0.25]]}'],
}
REFUSED = {
    Question.GRADE: ['{"grade": "III"}', "HGG"],
    Question.POINT: ['{"x": 1.1, "y": 0}', '{"x": -0.1, "y": 0}', '{"x": 0.4, "y": 0.1234}'],
    Question.BOX: ['{"x0": 0.1, "y0": 0.2, "x1": 0.3}'],
    Question.POLYGON: [
        '{"polygon": [[0, 0], [0.5, 0]]}',
        json.dumps({"polygon": [[0, 0]] * (MAX_VERTICES + 1)}),
    ],
}


@pytest.mark.parametrize("question", Question)
def test_a_grammar_lets_through_what_was_asked_for_and_nothing_else(question: Question) -> None:
    pytest.importorskip("llguidance", reason="the extra `vlm` is not installed")

    assert all(lets_through(answer_schema(question), text) for text in ACCEPTED[question])
    assert not any(lets_through(answer_schema(question), text) for text in REFUSED[question])


def test_a_grammar_of_pixels_lets_through_whole_numbers_within_the_picture() -> None:
    pytest.importorskip("llguidance", reason="the extra `vlm` is not installed")
    schema = answer_schema(Question.POINT, Frame(DIALECTS["pixels"], 560))

    assert lets_through(schema, '{"x": 0, "y": 560}')
    assert not lets_through(schema, '{"x": 0, "y": 561}')
    assert not lets_through(schema, '{"x": 0.5, "y": 1}')


def lets_through(schema: str, text: str) -> bool:
    from llguidance import LLMatcher, LLTokenizer

    bytewise = LLTokenizer("byte")
    matcher = LLMatcher(bytewise, LLMatcher.grammar_from_json_schema(schema), log_level=0)
    return matcher.consume_tokens(bytewise.tokenize_str(text)) and matcher.is_accepting()
