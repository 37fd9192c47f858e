"""Performance in subgroups of the cohort."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby

from gliobench.adapters.html.blocks import Block, Closed, Numbers, Part
from gliobench.adapters.html.numbers import ends, listed
from gliobench.adapters.html.tables import Cell, Column, measured_cell, tabulate
from gliobench.domain.comparison.report import Arm, Report, Stratum, StratumRow
from gliobench.domain.metrics.measures import ACCURACY, CENTRE_ERROR, WORST_MM
from gliobench.domain.statistics.estimate import Estimate, Measured

MOST_PARTS = 6
"""Among more parts, intervals that do not overlap are found by chance."""
Read = Callable[[StratumRow], Measured]
Rows = Mapping[str, StratumRow]
"""A part of the cohort, by backend."""


def subgroups(report: Report) -> Iterator[Block]:
    """Yield the section; subgroups in which no model differs, or of many parts, are closed."""
    error = CENTRE_ERROR.heading[0].lower() + CENTRE_ERROR.heading[1:]
    accuracy, distance = (
        f"{ACCURACY.title} of grading",
        f"Mean {error} (a failure counts as {WORST_MM})",
    )
    yield _measured(report, accuracy, lambda row: row.accuracy, ACCURACY.digits)
    yield _measured(report, distance, lambda row: row.error_mm, CENTRE_ERROR.digits)


def _measured(report: Report, title: str, read: Read, digits: int) -> Block:
    def column(arm: Arm) -> Column[Rows]:
        def cell(rows: Rows) -> Cell:
            return measured_cell(read(rows[arm.name]), digits)

        return Column(arm.name, f"{title}, {arm.name}", cell)

    columns = [
        column(arm)
        for at, arm in enumerate(report.arms)
        if any(isinstance(read(part.rows[at]), Estimate) for part in report.subgroups)
    ]
    models = {arm.name for arm in report.arms if not arm.baseline}
    differing: dict[str, list[tuple[str, int, Rows]]] = {}
    others: dict[str, list[tuple[str, int, Rows]]] = {}
    for by, found in groupby(report.subgroups, key=lambda part: part.by):
        parts = list(found)
        if len(parts) < 2:
            continue
        groups = differing if _differ(parts, models, read) else others
        groups[by.value[0].upper() + by.value[1:]] = [
            (part.name + _range(part), part.rows[0].n, {row.arm: row for row in part.rows})
            for part in parts
        ]
    caption = f"{title} by subgroup; failures count as the worst answer."
    first, rest = (
        Numbers(tabulate(columns, groups) if columns else None, caption, head="Subgroup")
        for groups in (differing, others)
    )
    names = listed([name.lower() for name in others]) if others else ""
    if not differing:
        return Closed(f"{title} by {names}", [rest])
    return Part(title, [first, Closed(f"Other subgroups: {names}", [rest])])


def _differ(parts: Sequence[Stratum], models: Collection[str], read: Read) -> bool:
    """Return whether the intervals of a model in two of the subgroups do not overlap."""
    for rows in zip(*(part.rows for part in parts), strict=True):
        spreads = [found for row in rows if (found := ends(read(row)))]
        if rows[0].arm not in models or not spreads or len(rows) > MOST_PARTS:
            continue
        if max(found.low for found in spreads) > min(found.high for found in spreads):
            return True
    return False


def _range(part: Stratum) -> str:
    """Print the limits of a tercile."""
    if not part.edges:
        return ""
    low, high = part.edges
    names = {"small": 0, "central": 0, "medium": 1, "intermediate": 1}
    place = names.get(part.name, 2)
    text = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"over {high:.0f}")[place]
    return f" ({text} {part.unit})"
