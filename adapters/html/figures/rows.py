"""Figures with one row per backend or pair along one scale: names beside it, or above it on phones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, compress, cycle, groupby, pairwise
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
INTERVAL = ("95 % CI, lower", "95 % CI, upper")


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
    quantities: Sequence[str] = ("estimate", *INTERVAL)

    def figure(self, name: str, title: str, says: str) -> Figure:
        """Draw them; their numbers are the text alternative, too."""
        alts = []
        for group, rows in groupby(self.rows, lambda row: row.group):
            words = "; ".join(f"{row.name}: {self.words(row)}" for row in rows)
            alts.append(f"{group}: {words}" if group else words)
        kept = [any(cells) for cells in zip(*(row.cells for row in self.rows), strict=True)]
        shown = replace(
            self,
            heads=dict(compress(self.heads.items(), kept)),
            rows=[replace(row, cells=tuple(compress(row.cells, kept))) for row in self.rows],
        )
        size, marks = shown.wide()
        alt, numbers = f"{'; '.join(alts)}.", tuple(self._numbers())
        wide = Figure(name, title, says, alt, size, tuple(marks), numbers)
        size, marks = shown.narrow()
        return replace(wide, narrow=replace(wide, size=size, marks=tuple(marks)))

    def words(self, row: Strip) -> str:
        """Print a row's numbers in words."""
        pairs = zip(self.heads.values(), row.cells, strict=True)
        return " · ".join(around.format(cell) for around, cell in pairs if cell)

    def _numbers(self) -> Iterator[tuple[object, ...]]:
        yield ("group", "name", "quantity", "value")
        for row in self.rows:
            found = [*zip(self.quantities, row.values, strict=False), *row.parts.items()]
            found += [(f"share of {value:g}", share) for value, share in row.shares.items()]
            found += [("study", value) for value in row.singles]
            yield from ((row.group, row.name, *quantity) for quantity in found)

    def wide(self) -> tuple[XY, list[Mark]]:
        """Lay out a table with the scale between the names and the numbers."""
        texts = zip(self.heads, *(row.cells for row in self.rows), strict=True)
        columns = [GAP + LETTER * max(map(len, column)) for column in texts]
        left = GAP + LETTER * max(len(row.name) * (1 + BOLD * row.strong) for row in self.rows)
        width = max(WIDE, left + LEAST + sum(columns))
        rights = [width - sum(columns[at + 1 :]) for at in range(len(columns))]
        step = DEEP if any(row.singles or row.shares for row in self.rows) else LINE
        lines, headings, bottom = self._lines(LINE, step)
        axes = Axes((left, LINE), (width - left - sum(columns), bottom - LINE), x=self.scale)
        marks: list[Mark] = [
            *(Label((at, 10), head, "end") for at, head in zip(rights, self.heads, strict=True)),
            *headings,
            *_grid(axes, LINE, bottom),
        ]
        for y, row in lines:
            middle, base = y + step / 2, y + step / 2 + 3.5
            marks += self._row(axes, middle, base, row, step / 2 - 3)
            cells = zip(rights, row.cells, strict=True)
            marks += [Label((at, base), cell, "end", ink="cell") for at, cell in cells]
        return self._framed(axes, width, marks)

    def narrow(self) -> tuple[XY, list[Mark]]:
        """Lay out each row below its name and numbers, which take two lines where one is too short."""
        texts = [(row.name, self.words(row)) for row in self.rows]
        width = max(NARROW, *(LETTER * len(text) for pair in texts for text in pair))
        longest = max(len(name) + len(words) for name, words in texts)
        step = ROW if longest * LETTER <= width else ROW + 12
        lines, headings, bottom = self._lines(0, step)
        axes = Axes((8, 0), (width - 16, bottom), x=self.scale)
        marks: list[Mark] = [*headings]
        for (y, row), (_, words) in zip(lines, texts, strict=True):
            middle = y + step - 9
            marks += _grid(axes, middle - 8, middle + 8)
            marks += self._row(axes, middle, y + 11, row, 6)
            marks.append(Label((width, y + step - ROW + 11), words, "end", ink="cell"))
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

    def _row(self, axes: Axes, y: float, base: float, row: Strip, reach: float) -> Iterator[Mark]:
        """Draw bars one after the other, each with the same strength in every row; then dots and name."""
        ends = [axes.across(end) for end in accumulate(row.parts.values(), initial=0.0)]
        for (left, right), strength in zip(pairwise(ends), cycle(STRENGTHS), strict=False):
            if right > left:
                size = (right - left, 2 * reach)
                yield Panel((left, y - reach), size, f"part {row.ink}", strength)
        for value, share in row.shares.items():
            yield Dot((axes.across(value), y), reach * sqrt(share), f"part share {row.ink}")
        if row.singles:
            ups = ((index * GOLDEN % 1 - 0.5) * 2 * reach for index in range(len(row.singles)))
            places = zip(map(axes.across, row.singles), ups, strict=True)
            yield Dots([(x, y + up) for x, up in places], f"single {row.ink}".strip())
        if row.values:
            middle, low, high = map(axes.across, row.values)
            ink = f"{row.ink} {'strong' * row.strong}".strip()
            yield Line([(low, y), (high, y)], f"spread {ink}".strip())
            says = f"{row.name}: {self.words(row)}"
            yield Dot((middle, y), 3.6, f"value {ink}".strip(), says)
        yield Label((0, base), row.name, ink="name strong" if row.strong else "name")


def _grid(axes: Axes, top: float, bottom: float) -> Iterator[Mark]:
    """Draw a line at every tick, and a dashed one at the mark."""
    marks = [] if axes.x.mark is None else [(axes.x.mark, "mark")]
    for value, ink in (*((tick, "grid") for tick in axes.x.ticks), *marks):
        yield Line([(axes.across(value), top), (axes.across(value), bottom)], ink)
