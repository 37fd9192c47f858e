"""Figures of uncertainty: what is left where the least sure masks are refused."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.figures.drawing import Axes, Dot, Figure, Mark, arm_ink
from gliobench.adapters.html.figures.scale import Scale
from gliobench.adapters.html.numbers import number, percent
from gliobench.domain.comparison.doubt import POOR_DICE, RiskCoverage
from gliobench.domain.comparison.report import Report


def refusal_figures(report: Report) -> list[Figure]:
    """Plot mean Dice and share of poor masks over the share refused, one picture a backend."""
    return [
        _refusals(arm.name, arm.doubt, arm_ink(report, arm.name))
        for arm in report.arms
        if arm.doubt is not None
    ]


def _refusals(name: str, found: RiskCoverage, ink: str) -> Figure:
    first, then = found.everything, found.four_fifths
    says = (
        f"{found.region.value}: without the least sure fifth Dice {number(first.dice)} → "
        f"{number(then.dice)}, below {POOR_DICE} {percent(first.poor)} → {percent(then.poor)}; "
        f"n = {found.n:,}"
    )
    curve = [(point.refused, point.dice, point.poor) for point in found.curve]
    return Figure(
        name=f"refusals-{name}",
        title=name,
        says=says,
        alt=f"Refusing the least sure masks of {name}. {says}.",
        size=(198, 198),
        marks=tuple(_marks(found, ink)),
        numbers=(("share refused", "mean Dice", f"share with Dice < {POOR_DICE}"), *curve),
        ink=ink,
    )


def _marks(found: RiskCoverage, ink: str) -> Iterator[Mark]:
    shares = Scale((0, 1), (0, 0.5, 1), "share refused")
    axes = Axes((32, 6), (158, 158), shares, Scale((0, 1), (0, 0.5, 1), "mean Dice"))
    yield from axes.frame()
    yield axes.line([(found.four_fifths.refused, end) for end in (0, 1)], "grid")
    yield axes.line([(point.refused, point.poor) for point in found.curve], "mark")
    yield axes.line([(point.refused, point.dice) for point in found.curve], f"curve {ink}")
    for point in (found.everything, found.four_fifths):
        tip = (
            f"{percent(point.refused)} refused: Dice {number(point.dice)}, below {POOR_DICE} "
            f"{percent(point.poor)}"
        )
        yield Dot(axes.place(point.refused, point.dice), 3.6, f"point {ink}", tip)
