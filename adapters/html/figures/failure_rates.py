"""Failure rates by reason."""

from __future__ import annotations

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import scale, spread
from gliobench.adapters.html.numbers import count, percent
from gliobench.domain.comparison.report import Arm, FailureRate, Report
from gliobench.domain.statistics.estimate import Estimate


def failure_figures(report: Report) -> list[Figure]:
    """Plot failure rates by reason, one picture per backend with failures."""
    rates = [
        found.rate
        for arm in report.arms
        for found in arm.failures
        if found.n and isinstance(found.rate, Estimate)
    ]
    if not rates:
        return []
    step, top = scale(max(100 * spread(rate).high for rate in rates))
    ends = (0.0, min(100.0, top))
    ticks = [at * step for at in range(round(top / step) + 1) if at * step <= ends[1]]
    return [_figure(arm, Scale(ends, ticks)) for arm in report.arms if arm.failures[0].n]


def _figure(arm: Arm, along: Scale) -> Figure:
    rows = [
        _strip(found, found.rate, arm.summary.n_studies)
        for found in arm.failures
        if isinstance(found.rate, Estimate)
    ]
    return row_figure(
        f"failures-{arm.name}",
        arm.name,
        "Per cent of studies with Wilson’s 95 % CI. A study counts once per reason.",
        rows,
        along,
    )


def _strip(found: FailureRate, rate: Estimate, n: int) -> Strip:
    ends = spread(rate)
    at, low, high = (100 * share for share in (rate.value, ends.low, ends.high))
    name = found.reason.value.replace("_", " ") if found.reason else "any failure"
    says = f"{percent(rate.value)} · {found.n:,} of {count(n, 'study')}"
    return Strip(name, says, at, low, high, strong=found.reason is None)
