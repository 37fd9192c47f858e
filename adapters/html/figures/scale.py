"""Scales of figures."""

from __future__ import annotations

from math import floor, log10

from gliobench.adapters.html.numbers import ends
from gliobench.domain.statistics.estimate import Estimate, Interval


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
