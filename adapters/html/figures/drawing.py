"""Figures as marks on a canvas, rendered as SVG in the page and in files.

A mark names a class of `figures.css`, which sets its colour: figures follow the reader's light or dark
scheme and need no style attributes, which the page's policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from markupsafe import Markup

XY: TypeAlias = tuple[float, float]
STAMP_ROOM = 14.0
"""Height above a figure in a file, for its stamps."""
MARGIN = 8.0
"""Margin of a figure in a file; on the page the card provides it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points; `ink` is a class of `figures.css`."""

    places: Sequence[XY]
    ink: str
    closed: bool = False

    def __html__(self) -> Markup:
        """Render it as SVG."""
        path = "M" + "L".join(f"{_short(x)} {_short(y)}" for x, y in self.places)
        return Markup('<path class="{}" d="{}"/>').format(self.ink, path + "Z" * self.closed)


@dataclass(frozen=True, slots=True)
class Dot:
    """A disc; `says` is its tooltip and its text for screen readers."""

    at: XY
    radius: float
    ink: str
    says: str = ""

    def __html__(self) -> Markup:
        """Render it as SVG."""
        x, y = map(_short, self.at)
        title = Markup("<title>{}</title>").format(self.says) if self.says else ""
        return Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>').format(
            self.ink, x, y, _short(self.radius), title
        )


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle; `strength` is the opacity of its fill."""

    at: XY
    size: XY
    ink: str
    strength: float = 1.0

    def __html__(self) -> Markup:
        """Render it as SVG."""
        numbers = [_short(number) for number in (*self.at, *self.size, self.strength)]
        return Markup(
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill-opacity="{}"/>'
        ).format(self.ink, *numbers)


@dataclass(frozen=True, slots=True)
class Label:
    """A text; `anchor` is SVG's: start, middle or end. `turned` rotates it upwards."""

    at: XY
    text: str
    anchor: str = "start"
    ink: str = "label"
    turned: bool = False

    def __html__(self) -> Markup:
        """Render it as SVG."""
        x, y = map(_short, self.at)
        turn = Markup(' transform="rotate(-90 {} {})"').format(x, y) if self.turned else ""
        return Markup('<text class="{}" x="{}" y="{}" text-anchor="{}"{}>{}</text>').format(
            self.ink, x, y, self.anchor, turn, self.text
        )


Mark: TypeAlias = Line | Dot | Panel | Label


@dataclass(frozen=True, slots=True)
class Figure:
    """One picture.

    Args:
        name: File name without suffix.
        title: The caption's title: a backend or a measure.
        says: The rest of the caption.
        alt: Text alternative for screen readers.
        size: Size of the canvas; text is 10 units high.
        marks: From back to front.
    """

    name: str
    title: str
    says: str
    alt: str
    size: XY
    marks: tuple[Mark, ...]

    def __html__(self) -> Markup:
        """Render it for the page, which has the style."""
        return self._svg(Markup('role="img" aria-label="{}"').format(self.alt), Markup())

    def file(self, style: str, stamps: Sequence[str] = ()) -> str:
        """Render it as a self-contained file with a margin.

        Args:
            style: The style sheet.
            stamps: Warnings in the title and above the picture.
        """
        top = STAMP_ROOM if stamps else 0.0
        width, height = self.size[0] + 2 * MARGIN, self.size[1] + 2 * MARGIN + top
        warning = " · ".join(stamps)
        given = Markup('xmlns="http://www.w3.org/2000/svg" role="img" width="{}" height="{}"')
        inside = Markup("<title>{}</title><desc>{}</desc>").format(
            f"{f'[{warning}] ' if warning else ''}{self.title}: {self.says}".rstrip(": "), self.alt
        )
        # Our own style sheet, without data.
        inside += Markup(f"<style>{style}</style>")  # noqa: S704
        inside += Panel((-MARGIN, -MARGIN - top), (width, height), "paper").__html__()
        if warning:
            inside += Label((0, -top + 4), warning, ink="stamped").__html__()
        sized = given.format(_short(2 * width), _short(2 * height))
        return str(self._svg(sized, inside, margin=MARGIN, top=top)) + "\n"

    def _svg(self, given: Markup, inside: Markup, *, margin: float = 0, top: float = 0) -> Markup:
        width, height = (edge + 2 * margin for edge in self.size)
        box = [-margin, -margin - top, width, height + top]
        drawn = Markup('<svg class="drawn" viewBox="{}" {}>{}{}</svg>')
        marks = Markup().join(mark.__html__() for mark in self.marks)
        return drawn.format(" ".join(map(_short, box)), given, inside, marks)


@dataclass(frozen=True, slots=True)
class Axes:
    """A plotting area with linear scales.

    Args:
        at: Its top left corner on the canvas.
        size: Its width and height on the canvas.
        x: Values at the left and right edge.
        y: Values at the lower and upper edge.
    """

    at: XY
    size: XY
    x: XY = (0.0, 1.0)
    y: XY = (0.0, 1.0)

    def place(self, x: float, y: float) -> XY:
        """Convert values to a point on the canvas, clipped to the edges."""
        right, up = _share(x, self.x), _share(y, self.y)
        return self.at[0] + right * self.size[0], self.at[1] + (1 - up) * self.size[1]

    def line(self, places: Sequence[XY], ink: str) -> Line:
        """Draw a line through points given as values."""
        return Line([self.place(x, y) for x, y in places], ink)

    def frame(self, x_title: str, y_title: str, ticks: Sequence[float]) -> Iterator[Mark]:
        """Draw the area, with the same ticks along both axes."""
        (left, top), (width, height) = self.at, self.size
        yield Panel(self.at, self.size, "field")
        for tick in ticks:
            x, y = self.place(tick, tick)
            yield Label((x, top + height + 12), f"{tick:g}", "middle")
            yield Label((left - 4, y + 3.5), f"{tick:g}", "end")
        yield Label((left + width / 2, top + height + 24), x_title, "middle")
        yield Label((left - 25, top + height / 2), y_title, "middle", turned=True)


def _share(value: float, ends: XY) -> float:
    return min(1.0, max(0.0, (value - ends[0]) / (ends[1] - ends[0])))


def _short(number: float) -> str:
    """Print to a hundredth of a unit, less than a pixel."""
    return f"{round(number, 2) + 0:g}"
