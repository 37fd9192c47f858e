"""A dialect about one picture: numbers of an answer as fractions of it, and places as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.domain.answers.dialects import Dialect
from gliobench.domain.answers.questions import Question
from gliobench.domain.answers.words import Number, Unreadable
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.predictions.prediction import FailureReason

Place = tuple[float, float]
_DECIMALS = 6
"""Decimals of a fraction, a thousandth of a pixel: polygons on this lattice stay simple when moved."""
_COUNTED_FROM = 100
"""Of frames with so many units no answer is all within the first one: those numbers are fractions."""
_PIXELS = re.compile(
    r"\b(?:in|as|are|using) (?:[a-z]+ )?(?:pixels?|px)\b"
    r"|\bpixels? (?:coordinates?|positions?|units?|values?|of (?:an?|the))\b",
    re.IGNORECASE,
)
_SHARES = re.compile(
    r"\bnormali[sz]ed\b|\b(?:in|as|are) (?:[a-z]+ )?(?:fractions?|per\s?cent(?:ages?)?)\b"
    r"|\bper\s?cent(?:ages?)? (?:coordinates?|values?|of the (?:edge|height|image|picture|width))\b",
    re.IGNORECASE,
)
_SIZE_PX = re.compile(
    r"\b(\d{2,5})\s?(?:[x×]|by)\s?(\d{2,5})[\s-]?(?:px|pixels?|image|picture)\b", re.IGNORECASE
)
_SCALE = re.compile(
    r"\b(?:scale|range)(?: is| of| from)?:? ?[\[(]?[01](?:\.0)?\s?(?:-|–|to|,|\.\.)\s?(\d{1,5})(?:\.0)?\b"
    r"|\b[01](?:\.0)?\s?(?:-|–|to|\.\.)\s?(\d{1,5})(?:\.0)? (?:scale|range|grid)\b"
    r"|\bout of (\d{1,5})\b",
    re.IGNORECASE,
)
_OTHER_ORIGIN = re.compile(
    r"\borigin\b[^.]{0,30}\b(?:bottom|lower|right|cent(?:er|re)|middle)\b"
    r"|\by(?:[\s-]axis)? [a-z ]{0,20}\bup(?:ward)?s?\b"
    r"|\b[xy](?:[\s-](?:axis|coordinates?))? from (?:the )?(?:bottom|lower|right)\b"
    r"|\brelative to (?:the )?(?:(?:image|picture|slice)(?:'s)? )?(?:cent(?:er|re)|middle|midline)\b"
    r"|(?:[\"'(]|\b(?:coordinates|fractions|given|measured|numbers|values)(?: are)? )"
    r"relative to (?:the )?(?:brain|head|hemisphere|skull)\b"
    r"|\b(?:flipp|mirror|rotat|transpos)ing (?:the )?(?:image|picture|scan|slice)\b"
    r"|\b(?:image|picture|scan|slice|coordinates?) (?:is|are|was|were) (?:flipped|mirrored|rotated|transposed)\b"
    r"|\b(?:flipped|mirrored) (?:horizontally|vertically|left)\b"
    r"|\b(?:bottom|lower)[\s-]?left\b[^.]{0,20}\b(?:top|upper)[\s-]?right corners?\b"
    r"|\bcorners?\b[^.]{0,12}\b(?:bottom|lower)[\s-]?left\b"
    r"|\bx(?:[\s-]axis)? [a-z ]{0,20}(?:\bright to left|\bleftwards?)\b"
    r"|\b(?:coordinates|numbers|values)(?: are)?(?: given| measured)? in "
    r"(?:mm|cm|(?:milli|centi)met(?:er|re)s)\b"
    r"|\[-1(?:\.0)?, ?1(?:\.0)?\]|\b(?:from )-1(?:\.0)? to 1(?:\.0)?\b"
    r"|\b(?:count|measur|start)[a-z]* from (?:the )?(?:bottom|lower|right|cent(?:er|re)|middle)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A dialect about a square picture; percentages are read in any.

    Args:
        dialect: What is spoken.
        edge_px: Edge of the picture, or of one panel of a montage, as the model sees it: after its
            processor resized it. Only dialects that count pixels depend on it.

    Raises:
        InvalidInputError: The picture has no pixel.
    """

    dialect: Dialect
    edge_px: int = 1

    def __post_init__(self) -> None:
        if self.edge_px < 1:
            raise InvalidInputError(f"picture of {self.edge_px} pixels: wanted 1 or more")

    @property
    def units(self) -> int:
        """Units along an edge of the picture."""
        return self.dialect.units or self.edge_px

    @property
    def highest(self) -> int:
        """The largest number that can be written; tokens number bins from 0."""
        return self.units - 1 if self.dialect.digits else self.units

    def check_stated(self, text: str) -> None:
        """Check that a text does not state that it counts otherwise than was asked for.

        Raises:
            Unreadable: It names other units, a picture of another size, or another origin.
        """
        is_px = self.dialect.units is None
        stated = (_SHARES if is_px else _PIXELS).search(text) or _OTHER_ORIGIN.search(text)
        resized = (
            size for size in _SIZE_PX.finditer(text) if set(size.groups()) != {str(self.edge_px)}
        )
        if is_px and not stated:
            stated = next(resized, None)
        if not stated and "%" not in text:
            stated = next(filter(self._is_another, _SCALE.finditer(text)), None)
        if stated:
            raise Unreadable(
                FailureReason.CONTRADICTION, f"coordinates of another kind are stated: {stated[0]}"
            )

    def fractions(self, numbers: Sequence[Number]) -> list[float]:
        """Return the numbers of one answer as fractions of the picture, in [0, 1].

        Raises:
            Unreadable: One lies outside the picture, percentages stand among plain numbers, or all
                lie within the first of many units, as fractions do.
        """
        if len({number.percent for number in numbers}) > 1:
            raise Unreadable(FailureReason.NON_NUMERIC, "percentages stand among plain numbers")
        units = 100 if numbers[0].percent else self.units
        if units >= _COUNTED_FROM and 0 < max(number.value for number in numbers) <= 1:
            raise Unreadable(
                FailureReason.OUT_OF_RANGE, f"fractions, where 0 to {units} were asked for"
            )
        return [self._fraction(number) for number in numbers]

    def write(self, question: Question, places: Sequence[Place]) -> str:
        """Write a point, the two corners of a box or the corners of an outline.

        Numbers are rounded to the nearest that the dialect has; a box keeps at least one unit.

        Args:
            question: Which of them.
            places: Fractions of the picture, x to the right and y down; of a box the top left and
                the bottom right corner.

        Raises:
            InvalidInputError: The question asks for no place.
        """
        spoken = self.dialect
        match question:
            case Question.POINT:
                ((x, y),) = map(self._written, places)
                return spoken.point.format(x=x, y=y)
            case Question.BOX:
                (x0, y0), (x1, y1) = map(self._written, self.apart(places))
                return spoken.box.format(x0=x0, y0=y0, x1=x1, y1=y1)
            case Question.POLYGON:
                corners = enumerate(dict.fromkeys(map(self._written, places)), start=1)
                written = (spoken.corner.format(x=x, y=y, n=n) for n, (x, y) in corners)
                return spoken.polygon.format(corners=spoken.between.join(written))
        raise InvalidInputError(f"the question of {question.value} asks for no place")

    def rounded(self, place: Place) -> Place:
        """Return the nearest place that can be written, in fractions."""
        x, y = (self._count(at) / self._steps for at in place)
        return x, y

    def apart(self, corners: Sequence[Place]) -> list[Place]:
        """Return a box's corners at least one step apart along each axis, in fractions."""
        edges = []
        for low, high in zip(*corners, strict=True):
            start, stop = self._count(low), self._count(high)
            if start == stop:
                start = min(int((low + high) / 2 * self._steps), self._most - 1)
                stop = start + 1
            edges.append((start / self._steps, stop / self._steps))
        (x0, x1), (y0, y1) = edges
        return [(x0, y0), (x1, y1)]

    def _fraction(self, number: Number) -> float:
        fraction = number.value / (100 if number.percent else self.units)
        if not 0.0 <= fraction <= 1.0:
            raise Unreadable(FailureReason.OUT_OF_RANGE, f"{number.value} lies outside the picture")
        return round(fraction, _DECIMALS)

    def _is_another(self, scale: re.Match[str]) -> bool:
        """Return whether a stated scale ends elsewhere than the frame's."""
        return {int(end) for end in scale.groups() if end}.isdisjoint((self.units, self.highest))

    @property
    def _steps(self) -> int:
        """Smallest differences along an edge of the picture."""
        return self.units * self.dialect.steps

    @property
    def _most(self) -> int:
        return self.highest * self.dialect.steps

    def _count(self, fraction: float) -> int:
        return min(round(fraction * self._steps), self._most)

    def _written(self, place: Place) -> tuple[str, str]:
        x, y = (self._number(self._count(at)) for at in place)
        return x, y

    def _number(self, count: int) -> str:
        if not self.dialect.decimals:
            return str(count).zfill(self.dialect.digits)
        return f"{count / self.dialect.steps:.{self.dialect.decimals}f}"
