"""Calibration: reliability diagrams and the decomposition of the Brier score."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Title
from gliobench.adapters.html.figures.grading import reliability_diagrams
from gliobench.adapters.html.numbers import number
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.reliability import Reliability


def calibration(report: Report) -> Iterator[Block]:
    """Yield the blocks; nothing where no backend gives probabilities."""
    table = calibration_table(report)
    if table is None:
        return
    found = [arm.calibration for arm in report.arms if isinstance(arm.calibration, Reliability)]
    warning = next((item.warning for item in found if item.warning), "")
    yield Title(
        "Calibration",
        "Observed share of HGG, with Wilson's 95 % CI, in bins of predicted P(HGG). Dashed: perfect "
        "calibration. Columns: number of studies per bin."
        + (f" Too few studies for the ECE: {warning}." if warning else ""),
    )
    yield Gallery(reliability_diagrams(report), "four")
    caption = "Answered studies only. Brier = miscalibration − resolution + uncertainty."
    yield Closed("Calibration in numbers", [Numbers(table, caption)])


def calibration_table(report: Report) -> Table | None:
    """Tabulate calibration; None where no backend gives probabilities."""
    columns = (
        Column("Brier", "Mean squared error: miscalibration - resolution + uncertainty; 0 is best"),
        Column("Miscalibration", "Mean squared difference of predicted and observed; 0 is best"),
        Column("Resolution", "How well the probabilities separate the grades; higher is better"),
        Column("Uncertainty", "Score of always predicting the prevalence"),
        Column("ECE", "Mean absolute difference of predicted and observed"),
    )
    rows = tuple(
        Row(arm.name, str(found.n), tuple(_calibrated(found)))
        for arm in report.arms
        if isinstance(found := arm.calibration, Reliability)
    )
    return Table(columns, (Group("", rows),)) if rows else None


def _calibrated(found: Reliability) -> Iterator[Cell]:
    for value in (found.brier, found.miscalibration, found.resolution, found.uncertainty):
        yield Cell(number(value, 3))
    yield Cell(number(found.ece, 3), "too few studies" if found.warning else "")
