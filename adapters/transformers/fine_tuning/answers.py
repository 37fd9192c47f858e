"""What the model should have answered: the experts' reference, in the words that the parser reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import ceil, cos, floor, pi, sin

import shapely

from gliobench.adapters.transformers.prompts import DECIMALS, GRADE_ANSWERS
from gliobench.domain.answers.questions import Question
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.study import Grade

CORNERS = 8
"""Of an outline: one in each of as many directions from its centre, clockwise from the top."""


@dataclass(frozen=True, slots=True)
class PictureReference:
    """What the experts say of a picture, in fractions of it: x to the right, y down.

    Args:
        point: Centre of the tumour.
        box: (x0, y0, x1, y1), its outer edges.
        polygon: Its outline.
        grade: None where it is unknown.

    Raises:
        InvalidInputError: Part of the tumour lies outside the picture.
    """

    point: tuple[float, float]
    box: tuple[float, float, float, float]
    polygon: tuple[tuple[float, float], ...]
    grade: Grade | None = None

    def __post_init__(self) -> None:
        if not all(0.0 <= edge <= 1.0 for edge in self.box):
            raise InvalidInputError(f"tumour in {self.box} lies outside the picture: wanted 0 to 1")

    @property
    def questions(self) -> tuple[Question, ...]:
        """The questions that it answers."""
        return tuple(
            question for question in Question if question is not Question.GRADE or self.grade
        )


def answer_text(
    question: Question, reference: PictureReference, *, pixels: int | None = None
) -> str:
    """Write the right answer: the JSON that the prompt asks for.

    The parser reads it back to the last digit written. Numbers are rounded; a box outwards, so
    that it holds the tumour and is never empty.

    Args:
        question: What was asked.
        reference: The truth.
        pixels: Edge of the picture where coordinates were asked for in pixels; None for fractions.

    Raises:
        InvalidInputError: The grade was asked for and is unknown.
    """
    scale = pixels or 10**DECIMALS
    match question:
        case Question.GRADE:
            if reference.grade is None:
                raise InvalidInputError("the grade is unknown: it cannot be answered")
            return GRADE_ANSWERS[reference.grade]
        case Question.POINT:
            x, y = (_number(round(at * scale), pixels) for at in reference.point)
            return f'{{"x": {x}, "y": {y}}}'
        case Question.BOX:
            edges = zip(("x0", "y0", "x1", "y1"), _outward(reference.box, scale), strict=True)
            return "{" + ", ".join(f'"{k}": {_number(at, pixels)}' for k, at in edges) + "}"
        case Question.POLYGON:
            corners = (
                f"[{_number(x, pixels)}, {_number(y, pixels)}]"
                for x, y in _corners(reference, scale)
            )
            return f'{{"polygon": [{", ".join(corners)}]}}'


def _number(units: int, pixels: int | None) -> str:
    """Write a whole number of units, of pixels or of the last decimal of a fraction."""
    return json.dumps(units) if pixels else f"{units / 10**DECIMALS:.{DECIMALS}f}"


def _outward(box: tuple[float, float, float, float], scale: int) -> tuple[int, int, int, int]:
    # Six digits first: 0.3 × 1000 is 300.00000000000006 or less, by the way that it was computed.
    x0, y0, x1, y1 = (round(at * scale, 6) for at in box)
    return floor(x0), floor(y0), ceil(x1), ceil(y1)


def _corners(reference: PictureReference, scale: int) -> list[tuple[int, int]]:
    """Return the outline with few corners, on whole units, simple whatever rounding does to it."""
    rounded = [(round(x * scale), round(y * scale)) for x, y in radial_corners(reference.polygon)]
    corners = list(dict.fromkeys(rounded))
    if len(corners) >= 3 and shapely.Polygon(corners).is_valid:
        return corners
    x0, y0, x1, y1 = _outward(reference.box, scale)
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def radial_corners(polygon: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
    """Outline a polygon by its farthest points in `CORNERS` directions from its centre.

    A corner is then always asked for in the same place, which is easier to learn than corners
    wherever the outline happens to bend. Where the centre lies outside, the convex hull stands for
    the polygon.

    Args:
        polygon: Simple, (x, y) with y down.

    Returns:
        Clockwise as seen, from the top.
    """
    outline = shapely.Polygon(polygon)
    if not outline.contains(outline.centroid):
        outline = outline.convex_hull
    x, y = outline.centroid.x, outline.centroid.y
    low_x, low_y, high_x, high_y = outline.bounds
    reach = 2 * max(high_x - low_x, high_y - low_y)
    corners = []
    for turn in (2 * pi * n / CORNERS for n in range(CORNERS)):
        ray = shapely.LineString([(x, y), (x + reach * sin(turn), y - reach * cos(turn))])
        hits = shapely.get_coordinates(outline.exterior.intersection(ray))
        far = max(hits.tolist(), key=lambda at: (at[0] - x) ** 2 + (at[1] - y) ** 2)
        corners.append((far[0], far[1]))
    return corners
