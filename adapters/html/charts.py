"""Forest plots as rows of percentages, which the page draws as inline SVG of any width."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10

from gliobench.adapters.html.numbers import ends, interval, number
from gliobench.adapters.html.ranking import by_balanced_accuracy, by_centre_error
from gliobench.domain.comparison.report import EvaluationReport
from gliobench.domain.evaluation.summary import Spread
from gliobench.domain.metrics.measures import BALANCED_ACCURACY, CENTRE_ERROR_3D, WORST_MM
from gliobench.domain.statistics.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class Bar:
    """A backend's estimate; `at`, `low` and `high` are in per cent of the axis."""

    name: str
    value: str
    interval: str
    at: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class IntervalPlot:
    """A forest plot.

    Args:
        title: What is measured.
        hint: Which direction is better, and what the mark means.
        bars: Best first.
        ticks: Positions in per cent, with their labels.
        mark: Position of the no-skill line, or None.
        spread: Meaning of the line through a bar's value.
        ranked: Whether the first bar is the best; otherwise bars keep the order of the backends.
    """

    title: str
    hint: str
    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, str], ...]
    mark: float | None = None
    ranked: bool = True
    spread: str = "95 % CI"


def grading_forest(report: EvaluationReport) -> IntervalPlot | None:
    """Plot balanced accuracies; None without any."""
    found = by_balanced_accuracy(report)
    if not found:
        return None
    return IntervalPlot(
        title=f"{BALANCED_ACCURACY.title} with 95 % CI",
        hint="Higher is better; the dashed line is chance.",
        bars=tuple(_bar(name, value, estimate, top=1.0) for name, value, estimate in found),
        ticks=tuple((100 * tick, f"{tick:g}") for tick in (0.0, 0.25, 0.5, 0.75, 1.0)),
        mark=50.0,
        ranked=report.cohort.is_ranked,
    )


def localisation_forest(report: EvaluationReport) -> IntervalPlot | None:
    """Plot the medians of centre errors in the volume; None where no backend gives points."""
    errors = [(name, row.spreads[CENTRE_ERROR_3D]) for name, row in by_centre_error(report)]
    if not errors:
        return None
    step, top = scale(min(max(found.quartiles[2] for _, found in errors), WORST_MM - 1))
    return IntervalPlot(
        title=f"{CENTRE_ERROR_3D.heading}: median and interquartile range (IQR)",
        hint="Lower is better.",
        bars=tuple(_median_bar(name, found, top=top) for name, found in errors),
        ticks=tuple((100 * i * step / top, f"{i * step:g}") for i in range(round(top / step) + 1)),
        ranked=report.cohort.is_ranked,
        spread="IQR",
    )


def _median_bar(name: str, found: Spread, *, top: float) -> Bar:
    left, at, right = (round(100 * min(quartile, top) / top, 2) for quartile in found.quartiles)
    low, middle, high = (number(quartile, CENTRE_ERROR_3D.digits) for quartile in found.quartiles)
    return Bar(name, middle, f"{low} to {high}", at, left, right)


def _bar(name: str, value: float, estimate: Estimate, *, top: float, digits: int = 2) -> Bar:
    found = spread(estimate)
    at, left, right = (round(100 * place / top, 2) for place in (value, found.low, found.high))
    return Bar(
        name=name,
        value=number(value, digits),
        interval=interval(estimate, digits),
        at=at,
        low=left,
        high=right,
    )


def spread(estimate: Estimate) -> Interval:
    """Return the interval, or the value itself where there is none."""
    return ends(estimate) or Interval(estimate.value, estimate.value)


def scale(highest: float) -> tuple[float, float]:
    """Choose a round step and an axis end so that four to ten ticks span the values."""
    highest = max(highest, 1e-6)
    decade = 10.0 ** floor(log10(highest))
    step = next(f * decade for f in (0.1, 0.2, 0.5, 1, 2) if f * decade * 6 >= highest)
    steps = floor(highest / step) + 1
    return step, steps * step
