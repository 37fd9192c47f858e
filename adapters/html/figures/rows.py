"""Figures with one row per backend or pair along one scale: names beside it, or above it on phones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress, groupby
from math import sqrt

from gliobench.adapters.html.figures.drawing import (
    XY,
    Axes,
    Dot,
    Dots,
    Figure,
    Label,
    Line,
    Mark,
    Panel,
)
from gliobench.adapters.html.figures.scale import Scale

WIDE, NARROW = 800.0, 280.0
LEAST = 300.0
"""Width of the scale at least; long names and numbers widen the canvas."""
LINE, DEEP, ROW = 17.0, 24.0, 31.0
"""Heights of a row: beside its name, the same with single studies, and below its name."""
LETTER = 5.4
"""Width of a letter."""
BOLD = 0.1
"""How much wider bold letters are."""
GAP = 16.0
BELOW = 18.0
STRENGTHS = (0.95, 0.6, 0.35, 0.18)
"""Opacities of stacked bars."""
GOLDEN = 0.618
"""Steps of the golden ratio spread dots vertically: evenly and reproducibly."""
QUANTITIES = ("estimate", "95 % CI, lower", "95 % CI, upper")


@dataclass(frozen=True, slots=True)
class Strip:
    """One row, in the units of its scale.

    Args:
        name: Backend or pair.
        cells: Its numbers as printed, one below each head; empty where there is none.
        values: Position of the dot, lower and upper end of the bar; empty for none.
        ink: Its colour.
        strong: Whether its dot is filled.
        singles: Values of single studies, drawn faintly behind.
        parts: Lengths of stacked bars, by name.
        shares: How often a value occurs, by value; drawn as the areas of dots.
        group: Heading above rows that share it.
    """

    name: str
    cells: tuple[str, ...]
    values: tuple[float, ...] = ()
    ink: str = ""
    strong: bool = False
    singles: tuple[float, ...] = ()
    parts: Mapping[str, float] = field(default_factory=dict)
    shares: Mapping[float, float] = field(default_factory=dict)
    group: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows from top to bottom.

    Args:
        heads: Of the columns of numbers, with the words around a number outside of its column.
        rows: Those of a group follow one another.
        scale: What they share.
        quantities: Names of each row's values.
    """

    heads: Mapping[str, str]
    rows: Sequence[Strip]
    scale: Scale
    quantities: Sequence[str] = QUANTITIES

    def figure(self, name: str, title: str, says: str) -> Figure:
        """Draw them; their numbers are the text alternative, too."""
        shown = self._without_empty_columns()
        groups = [(group, list(rows)) for group, rows in groupby(self.rows, lambda row: row.group)]
        alt = "; ".join(
            f"{group}: {listed}" if group else listed
            for group, rows in groups
            for listed in ["; ".join(f"{row.name}: {self.words(row)}" for row in rows)]
        )
        size, marks = shown.wide()
        wide = Figure(name, title, says, f"{alt}.", size, tuple(marks), tuple(self._numbers()))
        size, marks = shown.narrow()
        return replace(wide, narrow=replace(wide, size=size, marks=tuple(marks)))

    def _without_empty_columns(self) -> Rows:
        kept = [any(row.cells[at] for row in self.rows) for at, _ in enumerate(self.heads)]
        rows = [replace(row, cells=tuple(compress(row.cells, kept))) for row in self.rows]
        return replace(self, heads=dict(compress(self.heads.items(), kept)), rows=rows)

    def words(self, row: Strip) -> str:
        """Print a row's numbers in words."""
        pairs = zip(self.heads.values(), row.cells, strict=True)
        return " · ".join(around.format(cell) for around, cell in pairs if cell)

    def _numbers(self) -> Iterator[tuple[object, ...]]:
        yield ("group", "name", "quantity", "value")
        for row in self.rows:
            named = [*zip(self.quantities, row.values, strict=False), *row.parts.items()]
            named += [(f"share of {value:g}", share) for value, share in row.shares.items()]
            for quantity, value in (*named, *(("study", value) for value in row.singles)):
                yield row.group, row.name, quantity, value

    def wide(self) -> tuple[XY, list[Mark]]:
        """Lay out a table with the scale between the names and the numbers."""
        columns = [
            GAP + LETTER * max(len(head), *(len(row.cells[at]) for row in self.rows))
            for at, head in enumerate(self.heads)
        ]
        left = GAP + LETTER * max(len(row.name) * (1 + BOLD * row.strong) for row in self.rows)
        width = max(WIDE, left + LEAST + sum(columns))
        rights = [width - sum(columns[at + 1 :]) for at in range(len(columns))]
        step, top = DEEP if any(row.singles or row.shares for row in self.rows) else LINE, LINE
        lines, headings, bottom = self._lines(top, step)
        axes = Axes((left, top), (width - left - sum(columns), bottom - top), x=self.scale)
        marks: list[Mark] = [
            Label((at, 10), head, "end") for at, head in zip(rights, self.heads, strict=True)
        ]
        marks += [*headings, *_grid(axes, top, bottom)]
        for y, row in lines:
            middle = y + step / 2
            marks += self._row(axes, middle, row, step / 2 - 3)
            marks.append(Label((0, middle + 3.5), row.name, ink=_name(row)))
            cells = zip(rights, row.cells, strict=True)
            marks += [Label((at, middle + 3.5), cell, "end", ink="cell") for at, cell in cells]
        return self._framed(axes, width, marks)

    def narrow(self) -> tuple[XY, list[Mark]]:
        """Lay out each row below its name and numbers, which take two lines where one is too short."""
        words = [self.words(row) for row in self.rows]
        width = max(
            NARROW, *(LETTER * len(text) for text in (*words, *(r.name for r in self.rows)))
        )
        pairs = zip(self.rows, words, strict=True)
        longest = max(len(row.name) + len(text) for row, text in pairs)
        step = ROW if longest * LETTER <= width else ROW + 12
        lines, headings, bottom = self._lines(0, step)
        axes = Axes((8, 0), (width - 16, bottom), x=self.scale)
        marks: list[Mark] = [*headings]
        for (y, row), text in zip(lines, words, strict=True):
            middle = y + step - 9
            marks += [*_grid(axes, middle - 8, middle + 8), *self._row(axes, middle, row, 6)]
            marks.append(Label((0, y + 11), row.name, ink=_name(row)))
            marks.append(Label((width, y + step - ROW + 11), text, "end", ink="cell"))
        return self._framed(axes, width, marks)

    def _lines(
        self, top: float, step: float
    ) -> tuple[list[tuple[float, Strip]], list[Label], float]:
        """Place the rows from top to bottom, each group below its heading."""
        found, headings, group = [], [], ""
        for row in self.rows:
            if row.group != group:
                group, top = row.group, top + LINE
                headings.append(Label((0, top - 5), group, ink="head"))
            found.append((top, row))
            top += step
        return found, headings, top

    def _framed(self, axes: Axes, width: float, marks: list[Mark]) -> tuple[XY, list[Mark]]:
        height = axes.at[1] + axes.size[1] + BELOW + (12 if self.scale.title else 0)
        return (width, height), [*marks, *axes.below()]

    def _row(self, axes: Axes, y: float, row: Strip, reach: float) -> Iterator[Mark]:
        def at(value: float) -> float:
            return axes.place(value, 0)[0]

        yield from self._stack(at, y, row, reach)
        for value, share in row.shares.items():
            yield Dot((at(value), y), reach * sqrt(share), f"part share {row.ink}")
        if row.singles:
            ups = ((index * GOLDEN % 1 - 0.5) * 2 * reach for index in range(len(row.singles)))
            places = zip(map(at, row.singles), ups, strict=True)
            yield Dots([(x, y + up) for x, up in places], f"single {row.ink}".strip())
        if row.values:
            middle, low, high = map(at, row.values)
            ink = " ".join(filter(None, (row.ink, "strong" * row.strong)))
            yield Line([(low, y), (high, y)], f"spread {ink}".strip())
            says = f"{row.name}: {self.words(row)}"
            yield Dot((middle, y), 3.6, f"value {ink}".strip(), says=says)

    def _stack(
        self, at: Callable[[float], float], y: float, row: Strip, reach: float
    ) -> Iterator[Mark]:
        """Draw bars one after the other, each name with the same strength in every row."""
        end = 0.0
        for index, length in enumerate(row.parts.values()):
            left, right = at(end), at(end + length)
            end += length
            if length:
                size, strength = (right - left, 2 * reach), STRENGTHS[index % len(STRENGTHS)]
                yield Panel((left, y - reach), size, f"part {row.ink}", strength)


def _name(row: Strip) -> str:
    return "name strong" if row.strong else "name"


def _grid(axes: Axes, top: float, bottom: float) -> Iterator[Mark]:
    """Draw a line at every tick, and a dashed one at the mark."""
    marked = [] if axes.x.mark is None else [(axes.x.mark, "mark")]
    for value, ink in [*((tick, "grid") for tick in axes.x.ticks), *marked]:
        x, _ = axes.place(value, 0)
        yield Line([(x, top), (x, bottom)], ink)
