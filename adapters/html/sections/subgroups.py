"""Performance in subgroups of the cohort."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from gliobench.adapters.html.tables import Column, Group, Row, Table, measured_cell
from gliobench.domain.comparison.report import Report, Stratum, StratumRow
from gliobench.domain.metrics.measures import ACCURACY, CENTRE_ERROR, WORST_MM
from gliobench.domain.statistics.estimate import NotEstimable


def subgroups(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    return {"tables": strata_tables(report)}


@dataclass(frozen=True, slots=True)
class StrataTable:
    """One measure of all backends in all subgroups."""

    title: str
    table: Table


def strata_tables(report: Report) -> list[StrataTable]:
    """Tabulate accuracy and centre error by subgroup, one column per backend."""
    found = []
    error = CENTRE_ERROR.heading[0].lower() + CENTRE_ERROR.heading[1:]
    for title, measure, digits in (
        ("Accuracy of grading", "accuracy", ACCURACY.digits),
        (f"Mean {error} (a failure counts as {WORST_MM})", "error_mm", CENTRE_ERROR.digits),
    ):
        arms = [
            arm.name
            for at, arm in enumerate(report.arms)
            if any(
                not isinstance(getattr(s.rows[at], measure), NotEstimable) for s in report.subgroups
            )
        ]
        if arms:
            groups = tuple(
                Group(
                    by.value[0].upper() + by.value[1:],
                    tuple(_parts(list(parts), arms, measure, digits)),
                )
                for by, parts in groupby(report.subgroups, key=lambda stratum: stratum.by)
            )
            columns = tuple(Column(name, f"{title}, {name}") for name in arms)
            found.append(StrataTable(title, Table(columns, groups)))
    return found


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
