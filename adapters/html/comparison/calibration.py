"""What probabilities are worth: reliability diagrams, and the Brier score in its parts."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.charts import spread
from gliobench.adapters.html.comparison.drawing import Axes, Dot, Figure, Line, Mark, Panel
from gliobench.adapters.html.numbers import count, number
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.reliability import Reliability


def calibration(comparison: Comparison) -> dict[str, object]:
    """Gather what the section shows."""
    found = [arm.calibration for arm in comparison.arms if isinstance(arm.calibration, Reliability)]
    return {
        "table": calibration_table(comparison),
        "figures": reliability_diagrams(comparison),
        "warning": next((one.warning for one in found if one.warning), None),
    }


def reliability_diagrams(comparison: Comparison) -> list[Figure]:
    """Draw what was seen over what was said; backends that say one number have one point."""
    return [
        _diagram(arm.name, arm.calibration)
        for arm in comparison.arms
        if isinstance(arm.calibration, Reliability)
    ]


def _diagram(name: str, found: Reliability) -> Figure:
    bins = [
        f"said {number(one.said)}, seen {number(one.seen.value)} ({count(one.n, 'study')})"
        for one in found.curve
        if isinstance(one.seen, Estimate)
    ]
    unsure = ", unsure of so few" if found.warning else ""
    return Figure(
        name=f"reliability-{name}",
        title=name,
        says=f"Brier {number(found.brier, 3)}; ECE {number(found.ece, 3)}{unsure}; n = {found.n}",
        alt=f"Reliability of {name}, share of HGG: {'; '.join(bins)}.",
        size=(198, 226),
        marks=tuple(_marks(found)),
    )


def _marks(found: Reliability) -> Iterator[Mark]:
    axes = Axes(at=(32, 6), size=(158, 158))
    yield from axes.frame("P(HGG) said", "share of HGG seen", (0.0, 0.5, 1.0))
    yield axes.line([(0, 0), (1, 1)], "mark")
    most = max(one.n for one in found.curve)
    for one in found.curve:
        x, _ = axes.place(one.said, 0)
        height = 24 * one.n / most
        yield Panel((x - 3, 222 - height), (6, height), "other-fill")
        if isinstance(one.seen, Estimate):
            ends = spread(one.seen)
            yield axes.line([(one.said, ends.low), (one.said, ends.high)], "spread")
            says = (
                f"{count(one.n, 'study')}: said {number(one.said)}, seen {number(one.seen.value)}"
            )
            yield Dot(axes.place(one.said, one.seen.value), 3.6, "answer", says=says)
    yield Line([(32, 222), (190, 222)], "grid")


def calibration_table(comparison: Comparison) -> Table | None:
    """Lay out what probabilities are worth; None where nobody gives any."""
    columns = (
        Column("Brier", "Mean squared error: miscalibration - resolution + uncertainty; 0 is best"),
        Column("Miscalibration", "How far what is said is from what is seen; 0 is best"),
        Column("Resolution", "How well the probabilities part the grades; more is better"),
        Column("Uncertainty", "What saying the prevalence each time would score"),
        Column("ECE", "Mean distance of what is said from what is seen"),
    )
    rows = tuple(
        Row(arm.name, str(found.n), tuple(_calibrated(found)))
        for arm in comparison.arms
        if isinstance(found := arm.calibration, Reliability)
    )
    return Table(columns, (Group("", rows),)) if rows else None


def _calibrated(found: Reliability) -> Iterator[Cell]:
    for value in (found.brier, found.miscalibration, found.resolution, found.uncertainty):
        yield Cell(number(value, 3))
    yield Cell(number(found.ece, 3), "too few studies" if found.warning else "")
