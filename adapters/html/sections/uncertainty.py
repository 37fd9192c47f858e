"""Uncertainty: whether backends know when they are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part
from gliobench.adapters.html.figures.drawing import Axes, Dot, Figure, Mark, arm_ink
from gliobench.adapters.html.figures.scale import Scale
from gliobench.adapters.html.numbers import number, percent
from gliobench.adapters.html.tables import Cell, Column, share_cell, tabulate
from gliobench.domain.comparison.doubt import POOR_DICE, RiskCoverage, SetCoverage
from gliobench.domain.comparison.report import Report
from gliobench.domain.studies.grading_target import CLASSES, NEGATIVE_SHORT, POSITIVE_SHORT

REFUSALS: Sequence[Column[RiskCoverage]] = (
    Column(
        "AURC",
        "Mean of 1 − Dice over all shares refused, the least sure first; below, refusing at random. "
        "Lower is better",
        lambda found: Cell(number(found.aurc, 3), number(1 - found.everything.dice, 3)),
    ),
    Column("Dice", "Mean of all masks", lambda found: Cell(number(found.everything.dice))),
    Column(
        "Dice, four fifths",
        "Mean without the least sure fifth",
        lambda found: Cell(number(found.four_fifths.dice)),
    ),
    Column(
        f"Dice < {POOR_DICE}",
        "Share of all masks",
        lambda found: Cell(percent(found.everything.poor)),
    ),
    Column(
        f"Dice < {POOR_DICE}, four fifths",
        "Share without the least sure fifth",
        lambda found: Cell(percent(found.four_fifths.poor)),
    ),
)
SETS: Sequence[Column[SetCoverage]] = (
    Column("Stated", "Coverage that the sets state", lambda found: Cell(percent(found.stated))),
    Column(
        "Covered",
        "Share of the sets that hold the reference grade",
        lambda found: share_cell(found.covered),
    ),
    Column(
        f"Covered, {NEGATIVE_SHORT}",
        f"Of the {NEGATIVE_SHORT} studies alone",
        lambda found: share_cell(found.covered_negative),
    ),
    Column(
        f"Covered, {POSITIVE_SHORT}",
        f"Of the {POSITIVE_SHORT} studies alone",
        lambda found: share_cell(found.covered_positive),
    ),
    Column("One", "Sets of one class", lambda found: Cell(str(found.n_one))),
    Column("Both", "Sets of both, which decide nothing", lambda found: Cell(str(found.n_both))),
    Column("Neither", "Empty sets", lambda found: Cell(str(found.n_neither))),
)
SETS_NOTE = (
    "Conformal sets: a class is excluded where it is less probable than in all but the least probable of "
    "its calibration patients. 95 % CI: Wilson."
)


def uncertainty(report: Report) -> list[Block]:
    """Return the section; nothing where no backend states how sure it is."""
    refused = [(arm.name, arm.doubt.n, arm.doubt) for arm in report.arms if arm.doubt]
    numbers = Numbers(
        tabulate(REFUSALS, {"": refused}), "Masks with a stated confidence, failures left out."
    )
    sets = [(arm.name, found) for arm in report.arms for found in arm.grade_sets]
    everywhere = [(name, found.n, found) for name, found in sets if found.site is None]
    by_site = {
        arm: [(found.site, found.n, found) for name, found in sets if name == arm and found.site]
        for arm, *_ in everywhere
    }
    return [
        Part(
            "Refusing the least sure masks",
            [Gallery(refusal_figures(report), "four"), Closed("Refusals in numbers", [numbers])],
            "Masks are refused in the order of the confidence that the backend states, the least sure "
            f"first. Line: mean Dice of the others; dashed: share of the others with a Dice below "
            f"{POOR_DICE}. A backend that knows when it is wrong rises, and its dashed line falls.",
        ),
        Part(
            f"Sets of {CLASSES}",
            [
                Numbers(tabulate(SETS, {"": everywhere}), SETS_NOTE),
                Closed(
                    f"Sets of {CLASSES} by site",
                    [Numbers(tabulate(SETS, by_site), SETS_NOTE, head="Site")],
                ),
            ],
            "Sets hold the reference as often as stated where studies are like those of calibration; "
            "at other sites they may not.",
        ),
    ]


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
