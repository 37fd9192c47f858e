"""Failures by reason, with rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Prose, Title
from gliobench.adapters.html.claims import more_failures
from gliobench.adapters.html.figures.backends import failure_figures
from gliobench.adapters.html.numbers import interval, percent, value_of
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.statistics.estimate import Measured


def failures(report: Report) -> Iterator[Block]:
    """Yield the blocks."""
    table = failure_table(report)
    if table is None:
        yield Prose(["No failures: every backend answered every study."])
        return
    yield Title("Failures", "A study counts once per reason.")
    yield Prose(list(more_failures(report)), "claims")
    yield Gallery(failure_figures(report), "two")
    caption = "Share of studies by failure reason, with Wilson's 95 % CI."
    yield Closed("Failures in numbers", [Numbers(table, caption)])


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
