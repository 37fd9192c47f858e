"""Figures as marks on a canvas, rendered as SVG in the page and in files.

A mark names classes of `figures.css` and `colours.css`, which set its colour: figures follow the reader's
light or dark scheme and need no style attributes, which the page's policy forbids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from markupsafe import Markup

from gliobench.adapters.html.figures.scale import SHARES, Scale
from gliobench.adapters.html.words import arm_colours
from gliobench.domain.comparison.report import Report
from gliobench.domain.files.tables import write_csv
from gliobench.domain.messages import printable
from gliobench.domain.studies.grading_target import PLACEHOLDERS

XY: TypeAlias = tuple[float, float]
PIXELS = 1.3
"""Of a unit on the page, at most: letters of 10 units are 13 px high."""
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
        numbers = map(_short, (*self.at, self.radius))
        title = Markup("<title>{}</title>").format(self.says) if self.says else ""
        drawn = Markup('<circle class="{}" cx="{}" cy="{}" r="{}">{}</circle>')
        return drawn.format(self.ink, *numbers, title)


@dataclass(frozen=True, slots=True)
class Dots:
    """Many discs of one size, which the ink sets as the width of its strokes."""

    places: Sequence[XY]
    ink: str

    def __html__(self) -> Markup:
        """Render it as SVG: strokes without length and with round ends."""
        path = "".join(f"M{_short(x)} {_short(y)}h0" for x, y in self.places)
        return Markup('<path class="{}" d="{}"/>').format(self.ink, path)


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle; `strength` is the opacity of its fill."""

    at: XY
    size: XY
    ink: str
    strength: float = 1.0

    def __html__(self) -> Markup:
        """Render it as SVG."""
        drawn = Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}" fill-opacity="{}"/>')
        return drawn.format(self.ink, *map(_short, (*self.at, *self.size, self.strength)))


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


Mark: TypeAlias = Line | Dot | Dots | Panel | Label


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
        numbers: What is drawn, as rows below a header.
        ink: Colour of the backend that the title names, if it is of one.
        narrow: The same for phones, if it is drawn differently there.
    """

    name: str
    title: str
    says: str
    alt: str
    size: XY
    marks: tuple[Mark, ...]
    numbers: Sequence[Sequence[Any]] = ((),)
    ink: str = ""
    narrow: Figure | None = None

    @property
    def csv(self) -> str:
        """Write its numbers, in full precision."""
        head, *rows = self.numbers
        text = write_csv(head, rows)
        for placeholder in PLACEHOLDERS:  # which the page replaces
            text = text.replace(printable(placeholder), placeholder)
        return text

    def __html__(self) -> Markup:
        """Render it for the page, which has the style and shows one by the room there is."""
        if self.narrow is None:
            return self.inline("drawn")
        return self.inline("drawn wide") + self.narrow.inline("drawn narrow")

    def inline(self, kind: str) -> Markup:
        """Render it for the page as one of these classes, without the narrow one."""
        given = Markup('width="{}" role="img" aria-label="{}"')
        sized = given.format(_short(PIXELS * self.size[0]), self.alt)
        return self._svg(kind, (0, 0, *self.size), sized)

    def file(self, style: str, stamps: Sequence[str] = ()) -> str:
        """Render it as a self-contained file with a margin.

        Args:
            style: The style sheet.
            stamps: Warnings in the title and above the picture.
        """
        warning, top = " · ".join(stamps), STAMP_ROOM if stamps else 0.0
        start = (-MARGIN, -MARGIN - top)
        width, height = self.size[0] + 2 * MARGIN, self.size[1] + 2 * MARGIN + top
        given = Markup('xmlns="http://www.w3.org/2000/svg" role="img" width="{}" height="{}"')
        inside = Markup("<title>{}</title><desc>{}</desc><style>{}</style>{}{}").format(
            f"{f'[{warning}] ' if warning else ''}{self.title}: {self.says}".rstrip(": "),
            self.alt,
            Markup(style),  # noqa: S704 -- our own, without data
            Panel(start, (width, height), "paper"),
            Label((0, 4 - top), warning, ink="stamped") if warning else "",
        )
        sized = given.format(_short(2 * width), _short(2 * height))
        return f"{self._svg('drawn', (*start, width, height), sized, inside)}\n"

    def _svg(
        self, kind: str, box: Sequence[float], given: Markup, inside: Markup | str = ""
    ) -> Markup:
        drawn, seen = Markup('<svg class="{}" viewBox="{}" {}>{}{}</svg>'), map(_short, box)
        return drawn.format(kind, " ".join(seen), given, inside, Markup().join(self.marks))


@dataclass(frozen=True, slots=True)
class Axes:
    """A plotting area; `at` is its top left corner and `size` its width and height on the canvas."""

    at: XY
    size: XY
    x: Scale = SHARES
    y: Scale = SHARES

    def place(self, x: float, y: float) -> XY:
        """Convert values to a point on the canvas, clipped to the edges."""
        return self.across(x), self.at[1] + (1 - self.y.share(y)) * self.size[1]

    def across(self, x: float) -> float:
        """Convert a value of the horizontal axis alone."""
        return self.at[0] + self.x.share(x) * self.size[0]

    def line(self, places: Sequence[XY], ink: str) -> Line:
        """Draw a line through points given as values."""
        return Line([self.place(x, y) for x, y in places], ink)

    def frame(self) -> Iterator[Mark]:
        """Draw the area with the ticks and titles of both axes."""
        (left, top), height = self.at, self.size[1]
        yield Panel(self.at, self.size, "field")
        yield from self.below()
        for tick in self.y.ticks:
            y = self.place(self.x.ends[0], tick)[1]
            yield Label((left - 4, y + 3.5), _tick(tick), "end")
        yield Label((left - 25, top + height / 2), self.y.title, "middle", turned=True)

    def below(self) -> Iterator[Mark]:
        """Draw the ticks and the title of the horizontal axis."""
        bottom = self.at[1] + self.size[1]
        for tick in self.x.ticks:
            yield Label((self.across(tick), bottom + 12), _tick(tick), "middle")
        if self.x.title:
            yield Label((self.at[0] + self.size[0] / 2, bottom + 24), self.x.title, "middle")


def arm_ink(report: Report, name: str) -> str:
    """Name the colour of a backend, which is the same in every figure."""
    names = [arm.name for arm in report.arms]
    baselines = {arm.name for arm in report.arms if arm.baseline}
    return f"arm-{arm_colours(names, baselines)[name]}"


def _tick(value: float) -> str:
    return f"{round(value, 6):g}".replace("-", "−")


def _short(number: float) -> str:
    """Print to a hundredth of a unit, less than a pixel."""
    return f"{round(number, 2) + 0:g}"
