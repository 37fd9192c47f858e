"""Robustness: whether answers depend on the tumour and on the image, and failures."""

from __future__ import annotations

from collections.abc import Callable

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.claims import more_failures
from gliobench.adapters.html.figures.backends import failure_figures
from gliobench.adapters.html.lead import tracking_claims
from gliobench.adapters.html.sections.controls import controls
from gliobench.adapters.html.sections.position_bias import position_bias
from gliobench.adapters.html.tables import Cell, Column, share_cell, tabulate
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.predictions.prediction import FailureReason


def robustness(report: Report) -> list[Block]:
    """Return the section."""
    claims = Prose(list(tracking_claims(report)), "claims")
    return [claims, position_bias(report), controls(report), _failures(report)]


def _failures(report: Report) -> Block:
    """Return the failures, or that there are none."""
    seen = {found.reason for arm in report.arms for found in arm.failures if found.n}
    if not seen:
        return Prose(["No failures: every backend answered every study."])
    columns = [
        Column("Any", "Studies with any failure", _rate(None)),
        *(
            Column(reason.value.replace("_", " "), reason.words, _rate(reason))
            for reason in FailureReason
            if reason in seen
        ),
    ]
    rows = [(arm.name, arm.summary.n_studies, arm) for arm in report.arms]
    caption = "Share of studies by failure reason, with Wilson's 95 % CI."
    return Part(
        "Failures",
        [
            Prose(list(more_failures(report)), "claims"),
            Gallery(failure_figures(report), "two"),
            Closed("Failures in numbers", [Numbers(tabulate(columns, {"": rows}), caption)]),
        ],
        "A study counts once per reason.",
    )


def _rate(reason: FailureReason | None) -> Callable[[Arm], Cell]:
    def cell(arm: Arm) -> Cell:
        rates = (found.rate for found in arm.failures if found.reason is reason and found.n)
        return next(map(share_cell, rates), Cell("0"))

    return cell
