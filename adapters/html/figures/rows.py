"""Figures with one row per backend or pair along one scale; names above, to fit a phone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gliobench.adapters.html.figures.drawing import XY, Axes, Dot, Figure, Label, Line, Mark

WIDTH = 280.0
ROW = 31.0
LINE = 12.0
LETTER = 5.1
"""Width of a letter; numbers that do not fit beside the name go on their own line."""
GOLDEN = 0.618
"""Steps of the golden ratio spread dots vertically: evenly and reproducibly."""


@dataclass(frozen=True, slots=True)
class Strip:
    """One line of a figure, in the units of its scale.

    Args:
        name: Backend or pair.
        says: Its numbers as printed.
        at: Position of the dot.
        low: Lower end of the bar.
        high: Upper end of the bar.
        strong: Whether it is coloured.
        singles: Values of single studies, drawn faintly behind.
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
    """The scale of the rows.

    Args:
        ends: Lower and upper end.
        ticks: Labelled values.
        mark: Value of a dashed line, such as no skill.
    """

    ends: XY
    ticks: Sequence[float]
    mark: float | None = None


def row_figure(name: str, title: str, says: str, rows: Sequence[Strip], scale: Scale) -> Figure:
    """Draw rows from top to bottom; their numbers are the text alternative, too."""
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


def _row(axes: Axes, top: float, row: Strip, edge: float, scale: Scale) -> Iterator[Mark]:
    """Draw a name with its numbers, and the row's scale below."""
    height, ink = top + edge - 9, " strong" if row.strong else ""
    marked = [] if scale.mark is None else [(scale.mark, "mark")]
    for value, kind in [*((tick, "grid") for tick in scale.ticks), *marked]:
        x, _ = axes.place(value, 0)
        yield Line([(x, height - 7), (x, height + 9)], kind)
    for index, value in enumerate(row.singles):
        up = (index * GOLDEN % 1 - 0.5) * 10
        yield Dot((axes.place(value, 0)[0], height + up), 1.6, "single")
    (low, _), (middle, _), (high, _) = (
        axes.place(value, 0) for value in (row.low, row.at, row.high)
    )
    yield Line([(low, height), (high, height)], f"spread{ink}")
    yield Dot((middle, height), 3.6, f"value{ink}", says=f"{row.name}: {row.says}")
    yield Label((0, top + 11), row.name, ink=f"name{ink}")
    yield Label((WIDTH, top + edge - ROW + 11), row.says, "end")
