"""Whether a model answers in the frame that it is asked in, judged by squares at known places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from gliobench.domain.answers.dialects import DIALECTS, Dialect
from gliobench.domain.answers.frame import Frame
from gliobench.domain.answers.parse import parse_box, parse_point
from gliobench.domain.answers.questions import Question

Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in fractions of the picture."""

SQUARES: tuple[Box, ...] = (
    (0.125, 0.5, 0.25, 0.625),
    (0.625, 0.125, 0.8125, 0.3125),
    (0.375, 0.6875, 0.5625, 0.875),
    (0.75, 0.4375, 0.875, 0.5625),
)
"""Off the diagonal, so that x and y cannot be taken for each other."""
ASKED = (Question.POINT, Question.BOX)
"""About each square, in this order."""
_NEAR = 0.05
"""Of the edge: how far from its centre a point may lie."""
_ALIKE = 0.5
"""Least intersection over union of a box."""
_ENOUGH = 0.75
"""Least part of the answers that are right for a frame to be confirmed."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a model answered about the squares.

    Args:
        dialect: In which it was asked and read.
        right: Answers that name the place of the square.
        asked: Answers in all.
        fits: Another dialect in which enough of them would be right; empty where there is none.
    """

    dialect: str
    right: int
    asked: int
    fits: str = ""

    @property
    def confirmed(self) -> bool:
        """Return whether enough answers are right in the dialect that was asked for."""
        return self.right >= _ENOUGH * self.asked

    def __str__(self) -> str:
        found = f"{self.right} of {self.asked} drawn squares found in dialect {self.dialect}"
        if self.confirmed:
            return found
        advice = (
            f"the answers fit dialect {self.fits}" if self.fits else "no dialect fits the answers"
        )
        return f"{found}: {advice}"


def calibration_of(answers: Sequence[str], frame: Frame) -> Calibration:
    """Judge the answers about all squares.

    Args:
        answers: One for each of `SQUARES` and `ASKED`, those about one square together.
        frame: In which they were asked for.
    """
    others = (Frame(dialect, frame.edge_px) for dialect in DIALECTS.values())
    fitting = [other.dialect for other in others if _is_enough(_right(answers, other), answers)]
    right = _right(answers, frame)
    fits = "" if _is_enough(right, answers) else _first(fitting)
    return Calibration(frame.dialect.name, right, len(answers), fits)


def _first(dialects: Sequence[Dialect]) -> str:
    return dialects[0].name if dialects else ""


def _is_enough(right: int, answers: Sequence[str]) -> bool:
    return bool(answers) and right >= _ENOUGH * len(answers)


def _right(answers: Sequence[str], frame: Frame) -> int:
    asked = [(square, question) for square in SQUARES for question in ASKED]
    return sum(
        _is_right(text, question, square, frame)
        for text, (square, question) in zip(answers, asked, strict=True)
    )


def _is_right(text: str, question: Question, square: Box, frame: Frame) -> bool:
    x0, y0, x1, y1 = square
    if question is Question.POINT:
        point = parse_point(text, frame)
        return isinstance(point, tuple) and (
            hypot(point[0] - (x0 + x1) / 2, point[1] - (y0 + y1) / 2) <= _NEAR
        )
    box = parse_box(text, frame)
    return isinstance(box, tuple) and _overlap(box, square) >= _ALIKE


def _overlap(one: Box, other: Box) -> float:
    """Return the intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    area = sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (one, other))
    return shared / (area - shared) if area > shared else 0.0
