"""Performance in subgroups of the cohort."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from gliobench.adapters.html.blocks import Block, Closed, Numbers, Title
from gliobench.adapters.html.numbers import ends, listed
from gliobench.adapters.html.tables import Column, Group, Row, Table, measured_cell
from gliobench.domain.comparison.report import Report, Stratum, StratumRow
from gliobench.domain.metrics.measures import ACCURACY, CENTRE_ERROR, WORST_MM
from gliobench.domain.statistics.estimate import Estimate

MOST_PARTS = 6
"""Among more parts, intervals that do not overlap are found by chance."""


def subgroups(report: Report) -> Iterator[Block]:
    """Yield the section; subgroups in which no model differs, or of many parts, are closed."""
    error = CENTRE_ERROR.heading[0].lower() + CENTRE_ERROR.heading[1:]
    models = {arm.name for arm in report.arms if not arm.baseline}
    for title, measure, digits in (
        (f"{ACCURACY.title} of grading", "accuracy", ACCURACY.digits),
        (f"Mean {error} (a failure counts as {WORST_MM})", "error_mm", CENTRE_ERROR.digits),
    ):
        arms = [
            arm.name
            for at, arm in enumerate(report.arms)
            if any(isinstance(getattr(s.rows[at], measure), Estimate) for s in report.subgroups)
        ]
        if not arms:
            continue
        columns = tuple(Column(name, f"{title}, {name}") for name in arms)
        groups = {True: list[Group](), False: list[Group]()}
        for by, found in groupby(report.subgroups, key=lambda stratum: stratum.by):
            parts = list(found)
            rows = tuple(_parts(parts, arms, measure, digits))
            groups[_differ(parts, models, measure)].append(
                Group(by.value[0].upper() + by.value[1:], rows)
            )
        caption = f"{title} by subgroup; failures count as the worst answer."
        yield Title(title)
        if groups[True]:
            yield Numbers(Table(columns, tuple(groups[True])), caption, head="Subgroup")
        if groups[False]:
            closed = Numbers(Table(columns, tuple(groups[False])), caption, head="Subgroup")
            names = listed([group.title.lower() for group in groups[False]])
            yield Closed(f"Other subgroups: {names}", [closed])


def _differ(parts: Sequence[Stratum], models: Collection[str], measure: str) -> bool:
    """Return whether the intervals of a model in two of the subgroups do not overlap."""
    for rows in zip(*(part.rows for part in parts), strict=True):
        if rows[0].arm not in models or len(rows) > MOST_PARTS:
            continue
        spreads = [found for row in rows if (found := ends(getattr(row, measure)))]
        if spreads and max(found.low for found in spreads) > min(found.high for found in spreads):
            return True
    return False


def _parts(
    parts: Sequence[Stratum], arms: Sequence[str], measure: str, digits: int
) -> Iterator[Row]:
    for part in parts:
        rows: dict[str, StratumRow] = {row.arm: row for row in part.rows}
        cells = tuple(measured_cell(getattr(rows[name], measure), digits) for name in arms)
        yield Row(part.name + _range(part), str(part.rows[0].n), cells)


def _range(part: Stratum) -> str:
    """Print the limits of a tercile."""
    if not part.edges:
        return ""
    low, high = part.edges
    names = {"small": 0, "central": 0, "medium": 1, "between": 1}
    place = names.get(part.name, 2)
    text = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"over {high:.0f}")[place]
    return f" ({text} {part.unit})"
