"""Calibration: reliability diagrams and the decomposition of the Brier score."""

from __future__ import annotations

from collections.abc import Sequence

from gliobench.adapters.html.blocks import Closed, Gallery, Numbers, Part
from gliobench.adapters.html.figures.grading import reliability_diagrams
from gliobench.adapters.html.numbers import number
from gliobench.adapters.html.tables import Cell, Column, tabulate
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.studies.grading_target import CLASSES, POSITIVE

COLUMNS: Sequence[Column[Reliability]] = (
    Column(
        "Brier",
        "Mean squared error: miscalibration - resolution + uncertainty; 0 is best",
        lambda found: Cell(number(found.brier, 3)),
    ),
    Column(
        "Miscalibration",
        "Mean squared difference of predicted and observed; 0 is best",
        lambda found: Cell(number(found.miscalibration, 3)),
    ),
    Column(
        "Resolution",
        f"How well the probabilities separate the {CLASSES}; higher is better",
        lambda found: Cell(number(found.resolution, 3)),
    ),
    Column(
        "Uncertainty",
        "Score of always predicting the prevalence",
        lambda found: Cell(number(found.uncertainty, 3)),
    ),
    Column(
        "ECE",
        "Mean absolute difference of predicted and observed",
        lambda found: Cell(number(found.ece, 3), "too few studies" if found.warning else ""),
    ),
)


def calibration(report: Report) -> Part:
    """Return the calibration of the backends that give probabilities."""
    found = [
        (arm.name, one.n, one)
        for arm in report.arms
        if isinstance(one := arm.calibration, Reliability)
    ]
    warning = next((one.warning for *_, one in found if one.warning), "")
    caption = "Answered studies only. Brier = miscalibration − resolution + uncertainty."
    table = Numbers(tabulate(COLUMNS, {"": found}), caption)
    return Part(
        "Calibration",
        [Gallery(reliability_diagrams(report), "four"), Closed("Calibration in numbers", [table])],
        f"Observed share of {POSITIVE}, with Wilson's 95 % CI, in bins of predicted P({POSITIVE}). Dashed: perfect "
        "calibration. Columns: number of studies per bin."
        + (f" Too few studies for the ECE: {warning}." if warning else ""),
    )
