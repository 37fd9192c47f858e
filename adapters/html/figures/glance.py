"""Skill of all backends."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import spread
from gliobench.adapters.html.numbers import interval, number, percent
from gliobench.adapters.html.words import (
    in_figures,
    tracking_indices,
)
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics import measures
from gliobench.domain.position.tracking import FOLLOWS
from gliobench.domain.statistics.estimate import Estimate

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def glance_figures(report: Report) -> list[Figure]:
    """Plot accuracy, balanced accuracy and the tracking index of all backends."""
    return [*_accuracies(report), *_balanced(report), *_tracking(report)]


def _accuracies(report: Report) -> Iterator[Figure]:
    rows = in_figures(report, Endpoint(measures.ACCURACY))
    gradings = [arm.summary.everyone.intention_to_treat.grading for arm in report.arms]
    first = next((grading for grading in gradings if grading is not None), None)
    if rows and first is not None and (bar := first.no_skill) is not None:
        yield row_figure(
            "glance-accuracy",
            measures.ACCURACY.title,
            f"Dashed: always answering {first.commoner.value} would score {percent(bar)}. "
            "Coloured: 95 % CI above the dashed line.",
            [_row(name, found, above=bar) for name, found in rows],
            Scale((0, 1), SHARES, mark=bar),
        )


def _balanced(report: Report) -> Iterator[Figure]:
    rows = in_figures(report, Endpoint(measures.BALANCED_ACCURACY))
    if rows:
        yield row_figure(
            "glance-balanced-accuracy",
            measures.BALANCED_ACCURACY.title,
            "Mean of sensitivity and specificity. Dashed: chance. Coloured: 95 % CI above the dashed line.",
            [_row(name, found, above=0.5) for name, found in rows],
            Scale((0, 1), SHARES, mark=0.5),
        )


def _tracking(report: Report) -> Iterator[Figure]:
    rows = list(tracking_indices(report.arms))
    if report.cohort.is_ranked:
        rows.sort(key=lambda row: -row[1].value)
    if rows:
        low = min(0.0, *(spread(found).low for _, found in rows))
        yield row_figure(
            "glance-tracking-index",
            "Tracking index",
            "1: every answer at its tumour’s centre; 0 (dashed): independent of tumour position. "
            f"Coloured: 95 % CI above {FOLLOWS:g}.",
            [_row(name, found, above=FOLLOWS) for name, found in rows],
            Scale((-0.25 if low < -0.02 else 0.0, 1.0), SHARES, mark=0.0),
        )


def _row(name: str, found: Estimate, *, above: float) -> Strip:
    ends, inside = spread(found), interval(found)
    says = number(found.value) + (f" · {inside}" if inside else "")
    return Strip(name, says, found.value, ends.low, ends.high, strong=ends.low > above)
