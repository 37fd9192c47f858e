"""Scales of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from gliobench.adapters.html.numbers import ends, interval, number
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured, NotEstimable


@dataclass(frozen=True, slots=True)
class Scale:
    """What runs along an axis.

    Args:
        ends: The values at its start and at its end.
        ticks: Labelled values.
        title: What it measures, with its unit.
        mark: Value of a dashed line, such as no skill.
        log: Whether it is logarithmic; its ends are above 0 then.
    """

    ends: tuple[float, float]
    ticks: Sequence[float]
    title: str = ""
    mark: float | None = None
    log: bool = False

    def share(self, value: float) -> float:
        """Return how far along the axis a value lies, from 0 to 1; what lies beyond is at the end."""
        low, high = self.ends
        if self.log:
            low, high, value = log10(low), log10(high), log10(max(low, value))
        return min(1.0, max(0.0, (value - low) / (high - low)))


SHARES = Scale((0.0, 1.0), (0.0, 0.25, 0.5, 0.75, 1.0))


def spread(estimate: Estimate) -> Interval:
    """Return the interval, or the value itself where there is none."""
    return ends(estimate) or Interval(estimate.value, estimate.value)


def printed(measured: Measured) -> str:
    """Print a number with its interval, or why it is not estimable."""
    if isinstance(measured, NotEstimable):
        return f"not estimable: {measured.reason}"
    between = interval(measured)
    return number(measured.value) + (f" ({between})" if between else "")


def upwards(highest: float, title: str = "") -> Scale:
    """Run from 0 to beyond a value, in round steps."""
    step, top = scale(highest)
    return Scale((0.0, top), [at * step for at in range(round(top / step) + 1)], title)


def around_zero(values: Sequence[float]) -> Scale:
    """Run beyond 0 and all values, with the 0 marked; from -1 to 1 where all are 0."""
    if not any(values):
        values = (-1.0, 1.0)
    step, _ = scale(max(map(abs, values)))
    first = floor(min(0.0, *values) / step)
    last = ceil(max(0.0, *values) / step)
    every = 1 + (last - first) // 8
    ticks = [at * step for at in range(first, last + 1) if at % every == 0]
    return Scale((first * step, last * step), ticks, mark=0.0)


def decades(lowest: float, highest: float, title: str = "") -> Scale:
    """Run over values above 0 logarithmically, from one power of ten or three times one to another."""
    powers = range(floor(log10(lowest)) - 1, ceil(log10(highest)) + 2)
    ticks = [f * 10.0**n for n in powers for f in (1, 3)]
    first = max(tick for tick in ticks if tick <= lowest)
    last = min(tick for tick in ticks if tick >= highest and tick > first)
    kept = [tick for tick in ticks if first <= tick <= last]
    return Scale((first, last), kept, f"{title}, logarithmic".lstrip(", "), log=True)


def scale(highest: float) -> tuple[float, float]:
    """Choose a round step and an axis end so that at most ten steps span the values."""
    highest = max(highest, 1e-6)
    decade = 10.0 ** floor(log10(highest))
    step = next(f * decade for f in (0.1, 0.2, 0.5, 1, 2) if f * decade * 6 >= highest)
    steps = floor(highest / step) + 1
    return step, steps * step
