"""Parsing of a model's text: an answer in fractions of the picture, or a failure.

Nothing is guessed: text outside the grammar (docs/answers.md) is a `Failure` with its reason and the
raw text, as are two different answers in one text. A truncated text counts only if it contains a
complete JSON object.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import shapely

from gliobench.domain.answers.denials import check_after
from gliobench.domain.answers.dialects import DIALECTS, Dialect
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.grades import implied_grades, named_grades, written_grade
from gliobench.domain.answers.objects import NUMBER_KEYS, grade_of, objects_in, place_of
from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.refusals import check_answering, check_closed
from gliobench.domain.answers.remarks import check_grade_remarks, check_remarks
from gliobench.domain.answers.thoughts import without_thoughts
from gliobench.domain.answers.words import (
    Number,
    Unreadable,
    numbers_in,
    plain,
    written_numbers,
)
from gliobench.domain.predictions.prediction import NO_TUMOUR, Failure, FailureReason, NoTumour
from gliobench.domain.studies.study import Grade

Place = tuple[float, float]
Edges = tuple[float, float, float, float]
AnswerT = TypeVar("AnswerT")

_COMMA = re.compile(r"(?<![\d.,(\[])\d+,\d+(?![\d)\]]|[.,]\d)")
"""Two whole numbers, or one with a decimal comma."""

FRACTIONS = Frame(DIALECTS["fractions"])


def parse_grade(text: str, *, finished: bool = True) -> Grade | Failure:
    """Read the answer to the question of grade.

    Args:
        text: The model's text.
        finished: False if the length limit truncated it.
    """
    return _parsed(text, lambda words: _grade(words, finished=finished))


def parse_point(
    text: str, frame: Frame = FRACTIONS, *, finished: bool = True
) -> Place | NoTumour | Failure:
    """Read the answer to the question of the centre.

    Args:
        text: The model's text.
        frame: What coordinates were asked for in.
        finished: False if the length limit truncated the text.

    Returns:
        (x, y) in [0, 1], "no tumour", or a failure.
    """

    def read(words: str) -> Place:
        x, y = _fractions(words, Question.POINT, frame, finished=finished)
        return x, y

    return _placed(text, read)


def parse_box(
    text: str, frame: Frame = FRACTIONS, *, finished: bool = True
) -> Edges | NoTumour | Failure:
    """Read the answer to the question of the box.

    Args:
        text: The model's text.
        frame: What coordinates were asked for in.
        finished: False if the length limit truncated the text.

    Returns:
        (left, top, right, bottom) in [0, 1], left < right and top < bottom; "no tumour", or a
        failure.
    """

    def read(words: str) -> Edges:
        x0, y0, x1, y1 = _fractions(words, Question.BOX, frame, finished=finished)
        if x0 >= x1 or y0 >= y1:
            corners = f"({x0}, {y0}) to ({x1}, {y1})"
            raise Unreadable(FailureReason.INVERTED_BOX, f"the box runs from {corners}")
        return x0, y0, x1, y1

    return _placed(text, read)


def parse_polygon(
    text: str, frame: Frame = FRACTIONS, *, finished: bool = True
) -> tuple[Place, ...] | NoTumour | Failure:
    """Read the answer to the question of the polygon.

    Args:
        text: The model's text.
        frame: What coordinates were asked for in.
        finished: False if the length limit truncated the text.

    Returns:
        Three or more vertices of a simple polygon, (x, y) in [0, 1], not closed; "no tumour", or a
        failure. A vertex that repeats the previous one, or the first at the end, is dropped.
    """

    def read(words: str) -> tuple[Place, ...]:
        flat = _fractions(words, Question.POLYGON, frame, finished=finished)
        corners = list(zip(flat[::2], flat[1::2], strict=True))
        followers = corners[1:] + corners[:1]
        vertices = tuple(at for at, after in zip(corners, followers, strict=True) if at != after)
        if len(set(vertices)) < 3:
            count = len(set(corners))
            raise Unreadable(FailureReason.TOO_FEW_VERTICES, f"the polygon has {count} vertices")
        if not shapely.Polygon(vertices).is_valid:
            reason = shapely.is_valid_reason(shapely.Polygon(vertices))
            raise Unreadable(
                FailureReason.SELF_INTERSECTION, f"the polygon is not simple: {reason}"
            )
        return vertices

    return _placed(text, read)


def _placed(text: str, read: Callable[[str], AnswerT]) -> AnswerT | NoTumour | Failure:
    """Read a location; "no tumour" is an answer."""
    found = _parsed(text, read)
    is_none = isinstance(found, Failure) and found.reason is FailureReason.NO_TUMOUR_FOUND
    return NO_TUMOUR if is_none else found


def _parsed(text: str, read: Callable[[str], AnswerT]) -> AnswerT | Failure:
    try:
        words = plain(without_thoughts(text))
        if not words:
            raise Unreadable(FailureReason.EMPTY_ANSWER, "the answer is empty")
        return read(words)
    except Unreadable as found:
        return Failure(found.reason, found.detail, raw=text)
    except RecursionError:
        return Failure(FailureReason.WRONG_ARITY, "the answer is nested too deeply", raw=text)


def _grade(words: str, *, finished: bool) -> Grade:
    values, rest = objects_in(words)
    if not values:
        check_answering(words, finished=finished)
        check_after(words, named_grades)
        return written_grade(words)
    check_closed(rest)
    check_remarks(values, rest)
    grades = {grade_of(value) for value in values}
    if len(grades | named_grades(rest) | implied_grades(rest)) > 1:
        raise Unreadable(FailureReason.CONTRADICTION, "the answer names both grades")
    (grade,) = grades
    check_grade_remarks(values, grade)
    return grade


def _fractions(words: str, question: Question, frame: Frame, *, finished: bool) -> list[float]:
    spoken = frame.dialect.plain(words, question)
    frame.check_stated(spoken)
    return frame.fractions(_numbers(spoken, question, frame.dialect, finished=finished))


def _numbers(words: str, question: Question, dialect: Dialect, *, finished: bool) -> list[Number]:
    values, rest = objects_in(words)
    if not values:
        check_answering(words, finished=finished, place=True)
    order, unordered = dialect.order_of(words, question)
    if not values:
        found = written_numbers(unordered, question, NUMBER_KEYS[question])
        check_after(unordered, numbers_in)
        if isinstance(found, list):
            if dialect.decimals and _COMMA.search(unordered):
                raise Unreadable(
                    FailureReason.NON_NUMERIC, "a comma may part numbers or mark decimals"
                )
            return order.of_all(found, question)
        return place_of(found, question, order)
    check_closed(rest)
    check_remarks(values, rest)
    first, *others = [place_of(value, question, order) for value in values]
    if numbers_in(rest) or any(other != first for other in others):
        raise Unreadable(FailureReason.WRONG_ARITY, "the answer contains further numbers")
    return first
