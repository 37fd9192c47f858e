"""Failures by reason, with rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.figures.failure_rates import failure_figures
from gliobench.adapters.html.numbers import interval, percent, value_of
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.statistics.estimate import Measured


def failures(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "table": failure_table(report),
        "figures": failure_figures(report),
        "never": [arm.name for arm in report.arms if not arm.failures[0].n],
    }


def failure_table(report: Report) -> Table | None:
    """Tabulate failure rates by reason; None without failures."""
    reasons = [reason for reason in FailureReason if any(_rate(arm, reason) for arm in report.arms)]
    if not reasons:
        return None
    rows = tuple(
        Row(arm.name, str(arm.summary.n_studies), tuple(_rates(arm, [None, *reasons])))
        for arm in report.arms
    )
    columns = (
        Column("Any", "Studies with any failure"),
        *(Column(reason.value.replace("_", " "), reason.words) for reason in reasons),
    )
    return Table(columns, (Group("", rows),))


def _rates(arm: Arm, reasons: Sequence[object]) -> Iterator[Cell]:
    for reason in reasons:
        rate = _rate(arm, reason)
        found = rate if rate is not None else arm.failures[0].rate
        text = f"{percent(value_of(found))}" if rate is not None else "0"
        yield Cell(text, interval(found) if rate is not None else "")


def _rate(arm: Arm, reason: object) -> Measured | None:
    return next((found.rate for found in arm.failures if found.reason is reason and found.n), None)
