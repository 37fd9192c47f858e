"""Skill of all backends."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import SHARES, Scale, spread
from gliobench.adapters.html.numbers import interval, number, percent
from gliobench.adapters.html.words import in_figures, tracking_indices
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics import measures
from gliobench.domain.position.tracking import FOLLOWS
from gliobench.domain.statistics.estimate import Estimate

HEADS = {"value": "{}", "95 % CI": "{}"}


def glance_figures(report: Report) -> list[Figure]:
    """Plot accuracy, balanced accuracy and the tracking index of all backends."""
    return [*_accuracies(report), *_balanced(report), *_tracking(report)]


def _accuracies(report: Report) -> Iterator[Figure]:
    found = in_figures(report, Endpoint(measures.ACCURACY))
    gradings = [arm.summary.everyone.intention_to_treat.grading for arm in report.arms]
    first = next((grading for grading in gradings if grading is not None), None)
    if found and first is not None and (bar := first.no_skill) is not None:
        yield _rows(report, found, replace(SHARES, mark=bar), above=bar).figure(
            "glance-accuracy",
            measures.ACCURACY.title,
            f"Dashed: always answering {first.commoner.value} would score {percent(bar)}. "
            "Filled: 95 % CI above the dashed line.",
        )


def _balanced(report: Report) -> Iterator[Figure]:
    if found := in_figures(report, Endpoint(measures.BALANCED_ACCURACY)):
        yield _rows(report, found, replace(SHARES, mark=0.5), above=0.5).figure(
            "glance-balanced-accuracy",
            measures.BALANCED_ACCURACY.title,
            "Mean of sensitivity and specificity. Dashed: chance. Filled: 95 % CI above the dashed line.",
        )


def _tracking(report: Report) -> Iterator[Figure]:
    found = list(tracking_indices(report.arms))
    if report.cohort.is_ranked:
        found.sort(key=lambda row: -row[1].value)
    if found:
        low = min(0.0, *(spread(estimate).low for _, estimate in found))
        ends = (-0.25 if low < -0.02 else 0.0, 1.0)
        scale = replace(SHARES, ends=ends, mark=0.0)
        yield _rows(report, found, scale, above=FOLLOWS).figure(
            "glance-tracking-index",
            "Tracking index",
            "1: every answer at its tumour’s centre; 0 (dashed): independent of tumour position. "
            f"Filled: 95 % CI above {FOLLOWS:g}.",
        )


def _rows(
    report: Report, found: Sequence[tuple[str, Estimate]], scale: Scale, *, above: float
) -> Rows:
    rows = []
    for name, estimate in found:
        ends = spread(estimate)
        rows.append(
            Strip(
                name,
                (number(estimate.value), interval(estimate)),
                (estimate.value, ends.low, ends.high),
                ink=arm_ink(report, name),
                strong=ends.low > above,
            )
        )
    return Rows(HEADS, rows, scale)
