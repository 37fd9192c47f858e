"""Tables: columns that know how to read their cells, and rows in groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import Any, Generic, TypeVar

from gliobench.adapters.html.numbers import MISSING, interval, joined, number, percent, value_of
from gliobench.adapters.html.words import p_value
from gliobench.domain.comparison.pair import Test
from gliobench.domain.comparison.report import SubgroupTest
from gliobench.domain.statistics.estimate import Estimate, Measured, NotEstimable

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, with an interval or a count in small print below; grey where it is of few studies."""

    text: str
    small: str = ""
    few: bool = False


NOTHING = Cell(MISSING)


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """A heading, its meaning, and what it shows of the subject of a row."""

    title: str
    meaning: str
    cell: Callable[[T], Cell]


@dataclass(frozen=True, slots=True)
class Row:
    """A backend's cells; `scored` is the number of studies counted, of all, or empty."""

    name: str
    scored: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that count failures in the same way."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and groups of rows."""

    columns: tuple[Column[Any], ...]
    groups: tuple[Group, ...]


def tabulate(
    columns: Sequence[Column[T]], groups: Mapping[str, Iterable[tuple[str, object, T]]]
) -> Table | None:
    """Fill a table.

    Args:
        columns: From left to right.
        groups: Rows by title of their group: name, number of studies, and subject.

    Returns:
        The groups that have a row; None where none has.
    """
    filled = [
        Group(
            title,
            tuple(
                Row(name, str(scored), tuple(column.cell(subject) for column in columns))
                for name, scored, subject in rows
            ),
        )
        for title, rows in groups.items()
    ]
    found = tuple(group for group in filled if group.rows)
    return Table(tuple(columns), found) if found else None


def first_group(table: Table) -> Table:
    """Return the table with its first group alone: every study, failures as the worst answer."""
    return replace(table, groups=table.groups[:1])


def other_groups(table: Table) -> Table | None:
    """Return the table without its first group; None where there is no other."""
    return replace(table, groups=table.groups[1:]) if table.groups[1:] else None


def without_empty(table: Table | None) -> Table | None:
    """Leave out columns in which no row has a value."""
    if table is None:
        return None
    rows = [row.cells for group in table.groups for row in group.rows]
    filled = [any(cell != NOTHING for cell in column) for column in zip(*rows, strict=True)]
    groups = tuple(
        replace(
            group,
            rows=tuple(
                replace(row, cells=tuple(compress(row.cells, filled))) for row in group.rows
            ),
        )
        for group in table.groups
    )
    return Table(tuple(compress(table.columns, filled)), groups)


def measured_cell(measured: Measured | None, digits: int = 2) -> Cell:
    """Print a number, with its interval below."""
    if not isinstance(measured, Estimate):
        return NOTHING
    return Cell(number(measured.value, digits), interval(measured, digits))


def estimate_cell(measured: Measured, digits: int, *, n: int, more: Sequence[str] = ()) -> Cell:
    """Print a measure, and its number of studies where that differs from its row's."""
    own = f"n = {measured.n}" if isinstance(measured, Estimate) and measured.n != n else ""
    small = joined(interval(measured, digits), own, *more)
    return Cell(number(value_of(measured), digits), small)


def share_cell(measured: Measured) -> Cell:
    """Print a share in per cent, with its interval below."""
    return Cell(percent(value_of(measured)), interval(measured))


def test_cell(test: Test | SubgroupTest | None) -> Cell:
    """Print a test's p, with the Holm-adjusted p below."""
    if test is None or isinstance(test.p, NotEstimable):
        return NOTHING
    return Cell(p_value(test.p), f"Holm {p_value(test.adjusted)}")
