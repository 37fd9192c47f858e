"""Figures of one row a backend, or a pair, along one scale: names above, so that they fit a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gliobench.adapters.html.comparison.drawing import Axes, Dot, Figure, Label, Line, Mark, Place

WIDTH = 280.0
ROW = 31.0
LINE = 12.0
LETTER = 5.1
"""Width of a letter; where a row has more than fit, its numbers go to a line of their own."""
GOLDEN = 0.618
"""Steps of the golden ratio scatter dots up and down evenly, and the same way each time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a figure, in the units of its scale.

    Args:
        name: Whose.
        says: Its numbers in print.
        at: Where the dot is.
        low: Where the bar through it begins.
        high: Where that ends.
        strong: In colour.
        singles: Single values, drawn faintly behind.
    """

    name: str
    says: str
    at: float
    low: float
    high: float
    strong: bool = False
    singles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Scale:
    """What the rows are drawn along.

    Args:
        ends: Of the scale.
        ticks: Places that are labelled.
        mark: Place of a dashed line, such as that of no skill.
    """

    ends: Place
    ticks: Sequence[float]
    mark: float | None = None


def row_figure(name: str, title: str, says: str, rows: Sequence[Row], scale: Scale) -> Figure:
    """Draw rows from top to bottom; what each says is the picture's text, too."""
    letters = max((len(row.name) + len(row.says) for row in rows), default=0)
    edge = ROW if letters * LETTER <= WIDTH else ROW + LINE
    axes = Axes(at=(8, 2), size=(WIDTH - 16, edge * len(rows)), x=scale.ends)
    lines = [_row(axes, 2 + at * edge, row, edge, scale) for at, row in enumerate(rows)]
    return Figure(
        name=name,
        title=title,
        says=says,
        alt="; ".join(f"{row.name}: {row.says}" for row in rows) + ".",
        size=(WIDTH, axes.size[1] + 18),
        marks=(*(mark for line in lines for mark in line), *_ticks(axes, scale)),
    )


def _ticks(axes: Axes, scale: Scale) -> Iterator[Mark]:
    for tick in scale.ticks:
        x, y = axes.place(tick, 0)
        yield Label((x, y + 13), f"{tick:g}".replace("-", "−"), "middle")


def _row(axes: Axes, top: float, row: Row, edge: float, scale: Scale) -> Iterator[Mark]:
    """Draw a name and its numbers, and beneath them the row's piece of the scale."""
    height, ink = top + edge - 9, " strong" if row.strong else ""
    marked = [] if scale.mark is None else [(scale.mark, "mark")]
    for value, kind in [*((tick, "grid") for tick in scale.ticks), *marked]:
        x, _ = axes.place(value, 0)
        yield Line([(x, height - 7), (x, height + 9)], kind)
    for index, value in enumerate(row.singles):
        up = (index * GOLDEN % 1 - 0.5) * 10
        yield Dot((axes.place(value, 0)[0], height + up), 1.6, "single")
    (low, _), (middle, _), (high, _) = (axes.place(one, 0) for one in (row.low, row.at, row.high))
    yield Line([(low, height), (high, height)], f"spread{ink}")
    yield Dot((middle, height), 3.6, f"value{ink}", says=f"{row.name}: {row.says}")
    yield Label((0, top + 11), row.name, ink=f"name{ink}")
    yield Label((WIDTH, top + edge - ROW + 11), row.says, "end")
