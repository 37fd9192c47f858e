"""Failure rates by reason."""

from __future__ import annotations

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import upwards
from gliobench.adapters.html.numbers import percent
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.predictions.prediction import FailureReason

NAMED = 3
"""Most frequent reasons, which have a part of their own."""


def failure_figures(report: Report) -> list[Figure]:
    """Stack the failures of all backends by reason; none where nothing failed."""
    failing = [arm for arm in report.arms if arm.failures[0].n]
    if not failing:
        return []
    counts = {reason: sum(_n(arm, reason) for arm in failing) for reason in FailureReason}
    reasons = sorted(filter(counts.get, counts), key=lambda reason: -counts[reason])
    if report.cohort.is_ranked:
        failing.sort(key=lambda arm: -arm.failures[0].n)
    rows = [_strip(arm, reasons, arm_ink(report, arm.name)) for arm in failing]
    scale = upwards(max(sum(row.parts.values()) for row in rows), "% of studies")
    heads = {"failed": "{}", "studies": "{}", "by reason, from left to right": "{}"}
    figure = Rows(heads, rows, scale).figure(
        "failures",
        "Failures by reason",
        "A study with two reasons counts in both parts of a bar, and once in the share that failed.",
    )
    return [figure]


def _strip(arm: Arm, reasons: list[FailureReason], ink: str) -> Strip:
    counts = {reason.value.replace("_", " "): _n(arm, reason) for reason in reasons[:NAMED]}
    counts["other"] = sum(_n(arm, reason) for reason in reasons[NAMED:])
    failed, n = arm.failures[0].n, arm.summary.n_studies
    return Strip(
        arm.name,
        (
            percent(failed / n),
            f"{failed:,} of {n:,}",
            ", ".join(f"{reason} {count:,}" for reason, count in counts.items() if count),
        ),
        ink=ink,
        parts={reason: 100 * count / n for reason, count in counts.items()},
    )


def _n(arm: Arm, reason: FailureReason) -> int:
    return next((found.n for found in arm.failures if found.reason is reason), 0)
