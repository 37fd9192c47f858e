"""Reliability diagrams."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.figures.drawing import Axes, Dot, Figure, Line, Mark, Panel, arm_ink
from gliobench.adapters.html.figures.scale import Scale, spread
from gliobench.adapters.html.numbers import count, number
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.reliability import Reliability

TITLES = ("predicted P(HGG)", "observed share of HGG")


def reliability_diagrams(report: Report) -> list[Figure]:
    """Plot observed over predicted; a backend with one probability for all has one point."""
    return [
        _diagram(arm.name, arm.calibration, arm_ink(report, arm.name))
        for arm in report.arms
        if isinstance(arm.calibration, Reliability)
    ]


def _diagram(name: str, found: Reliability, ink: str) -> Figure:
    bins = [
        f"predicted {number(item.said)}, observed {number(item.seen.value)} ({count(item.n, 'study')})"
        for item in found.curve
        if isinstance(item.seen, Estimate)
    ]
    few = ", too few studies" if found.warning else ""
    return Figure(
        name=f"reliability-{name}",
        title=name,
        says=f"Brier {number(found.brier, 3)}; ECE {number(found.ece, 3)}{few}; n = {found.n}",
        alt=f"Reliability of {name}, share of HGG: {'; '.join(bins)}.",
        size=(198, 226),
        marks=tuple(_marks(found, ink)),
        numbers=tuple(_numbers(found)),
        ink=ink,
    )


def _numbers(found: Reliability) -> Iterator[tuple[object, ...]]:
    yield ("studies", *TITLES, "95 % CI, lower", "95 % CI, upper")
    for item in found.curve:
        if isinstance(item.seen, Estimate):
            ends = spread(item.seen)
            yield item.n, item.said, item.seen.value, ends.low, ends.high


def _marks(found: Reliability, ink: str) -> Iterator[Mark]:
    axes = Axes((32, 6), (158, 158), *(Scale((0, 1), (0, 0.5, 1), title) for title in TITLES))
    yield from axes.frame()
    yield axes.line([(0, 0), (1, 1)], "mark")
    most = max(item.n for item in found.curve)
    for item in found.curve:
        x, _ = axes.place(item.said, 0)
        height = 24 * item.n / most
        yield Panel((x - 3, 222 - height), (6, height), "other-fill")
        if isinstance(item.seen, Estimate):
            ends = spread(item.seen)
            yield axes.line([(item.said, ends.low), (item.said, ends.high)], f"spread {ink}")
            says = (
                f"{count(item.n, 'study')}: predicted {number(item.said)}, "
                f"observed {number(item.seen.value)}"
            )
            yield Dot(axes.place(item.said, item.seen.value), 3.6, f"point {ink}", says=says)
    yield Line([(32, 222), (190, 222)], "grid")
