"""Figures of grading: ROC and precision-recall curves, and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gliobench.adapters.html.figures.drawing import (
    XY,
    Axes,
    Dot,
    Figure,
    Label,
    Mark,
    Panel,
    arm_ink,
)
from gliobench.adapters.html.figures.scale import Scale
from gliobench.adapters.html.numbers import count, interval, number, percent, value_of
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics import measures
from gliobench.domain.statistics.curves import Curve
from gliobench.domain.statistics.estimate import Measured, NotEstimable

TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
KEY, LETTER = 25.0, 5.4
"""Height of a backend in the key, and width of a letter."""


@dataclass(frozen=True, slots=True)
class Grader:
    """One backend in a plane of curves: its colour, curve, operating point and area."""

    name: str
    ink: str
    line: Sequence[XY]
    point: tuple[float | None, float | None]
    area: Measured | None

    @property
    def printed(self) -> str:
        """Print the area with its interval."""
        if self.area is None or isinstance(self.area, NotEstimable):
            return "no probabilities, hence no curve"
        ends = interval(self.area)
        return number(self.area.value) + (f" ({ends})" if ends else "")


def ranking_curves(report: Report) -> list[Figure]:
    """Plot the ROC curves and the precision-recall curves of all graders, in a plane each."""
    roc, precision, prevalence = [], [], 0.0
    for arm in report.arms:
        found = _graded(arm)
        if found is None or value_of(found.always_hgg) in (None, 0.0, 1.0):
            continue
        prevalence = value_of(found.always_hgg) or 0.0
        rates = (measures.SENSITIVITY, measures.SPECIFICITY, measures.PPV)
        sensitivity, specificity, ppv = (value_of(found.measures[rate]) for rate in rates)
        off = None if specificity is None else 1 - specificity
        named, areas = (arm.name, arm_ink(report, arm.name)), found.measures.get
        roc.append(Grader(*named, _corners(arm.roc), (off, sensitivity), areas(measures.AUROC)))
        stairs = _stairs(_corners(arm.precision_recall))
        precision.append(Grader(*named, stairs, (sensitivity, ppv), areas(measures.AUPRC)))
    if not roc:
        return []
    if report.cohort.is_ranked:
        for graders in (roc, precision):
            graders.sort(key=lambda grader: -((grader.area and value_of(grader.area)) or 0.0))
    dashed = f"prevalence of HGG, {percent(prevalence)}"
    return [
        _plane("ROC curves", "chance", _axes("1 − specificity", "sensitivity"), roc, (0, 1)),
        _plane(
            "Precision-recall curves",
            dashed,
            _axes("sensitivity", "precision"),
            precision,
            (prevalence, prevalence),
        ),
    ]


def _graded(arm: Arm) -> GradingSummary | None:
    return arm.summary.everyone.intention_to_treat.grading


def _axes(*titles: str) -> Axes:
    return Axes((34, 6), (200, 200), *(Scale((0, 1), TICKS, title) for title in titles))


def _corners(curve: Curve | NotEstimable) -> Sequence[XY]:
    return curve.corners if isinstance(curve, Curve) else ()


def _stairs(corners: Sequence[XY]) -> list[XY]:
    """Interpolate by steps: there is no threshold between two others."""
    starts = [0.0, *(x for x, _ in corners)]
    pairs = zip(starts, corners, strict=False)
    return [place for start, (x, y) in pairs for place in ((start, y), (x, y))]


def _plane(title: str, dashed: str, axes: Axes, graders: Sequence[Grader], chance: XY) -> Figure:
    """Draw a plane with the key on its right, and below it on phones."""
    shape = list(_curves(axes, graders, chance))
    x_title, y_title = axes.x.title, axes.y.title
    points = "; ".join(
        f"{grader.name}: {grader.printed}, {x_title} {number(grader.point[0])}, {y_title} {number(grader.point[1])}"
        for grader in graders
    )
    letters = max(len(text) for grader in graders for text in (grader.name, grader.printed))
    below = axes.size[1] + 44
    wide = Figure(
        name=title.lower().replace(" ", "-"),
        title=title,
        says=f"Dots: operating points; dashed: {dashed}. Numbers: area with 95 % CI.",
        alt=f"{title}, area and operating point. {points}.",
        size=(262 + LETTER * letters, max(below, KEY * len(graders) + 8)),
        marks=(*shape, *_key((248, 14), graders)),
        numbers=tuple(_numbers(x_title, y_title, graders)),
    )
    size = (max(240, 20 + LETTER * letters), below + KEY * len(graders))
    return replace(
        wide, narrow=replace(wide, size=size, marks=(*shape, *_key((6, below + 8), graders)))
    )


def _curves(axes: Axes, graders: Sequence[Grader], chance: XY) -> Iterator[Mark]:
    """Draw the best curve last, above the others."""
    yield from axes.frame()
    yield axes.line([(0, chance[0]), (1, chance[1])], "mark")
    for grader in reversed(graders):
        if grader.line:
            yield axes.line(grader.line, f"curve {grader.ink}")
    for grader in reversed(graders):
        x, y = grader.point
        if x is not None and y is not None:
            says = f"{grader.name}: {axes.x.title} {number(x)}, {axes.y.title} {number(y)}"
            yield Dot(axes.place(x, y), 4, f"point {grader.ink}", says=says)


def _key(at: XY, graders: Sequence[Grader]) -> Iterator[Mark]:
    left, top = at
    for index, grader in enumerate(graders):
        y = top + index * KEY
        yield Dot((left, y - 3.5), 4, f"point {grader.ink}")
        yield Label((left + 10, y), grader.name, ink="name")
        yield Label((left + 10, y + 11), grader.printed)


def _numbers(x: str, y: str, graders: Sequence[Grader]) -> Iterator[tuple[object, ...]]:
    yield ("backend", "part", x, y)
    for grader in graders:
        yield (grader.name, "operating point", *grader.point)
        yield from ((grader.name, "curve", *place) for place in grader.line)


def confusion_matrices(report: Report) -> list[Figure]:
    """Draw a confusion matrix per backend that grades."""
    return [
        _confusion(arm.name, found, arm_ink(report, arm.name))
        for arm in report.arms
        if (found := _graded(arm)) is not None
    ]


def _confusion(name: str, found: GradingSummary, ink: str) -> Figure:
    matrix = found.confusion
    counts = (
        ("HGG", matrix.true_positive, matrix.false_negative),
        ("LGG", matrix.false_positive, matrix.true_negative),
    )
    rows = "; ".join(
        f"of {hgg + lgg} {grade}, {hgg} predicted HGG and {lgg} LGG" for grade, hgg, lgg in counts
    )
    failed = f"{count(found.n_failed, 'failure')} counted as wrong" if found.n_failed else ""
    marks = [mark for at, row in enumerate(counts) for mark in _matrix_row(at, *row)]
    heads = [
        Label((73, 10), "pred. HGG", "middle"),
        Label((133, 10), "pred. LGG", "middle"),
    ]
    return Figure(
        name=f"confusion-{name}",
        title=name,
        says=failed,
        alt=f"Confusion matrix of {name}: {rows}. {failed}".strip(),
        size=(163, 112),
        marks=(*heads, *marks),
        numbers=(("reference", "predicted HGG", "predicted LGG"), *counts),
        ink=ink,
    )


def _matrix_row(at: int, grade: str, hgg: int, lgg: int) -> Iterator[Mark]:
    top, n = 16 + 48 * at, max(1, hgg + lgg)
    yield Label((0, top + 21), grade, ink="name")
    yield Label((0, top + 33), f"n = {hgg + lgg}")
    for column, (predicted, called) in enumerate((("HGG", hgg), ("LGG", lgg))):
        left = 44 + 60 * column
        kind = "right" if predicted == grade else "wrong"
        yield Panel((left, top), (58, 46), "field")
        yield Panel((left, top), (58, 46), kind, strength=0.35 * called / n)
        yield Label((left + 29, top + 23), str(called), "middle", ink="big")
        yield Label((left + 29, top + 37), percent(called / n), "middle", ink="name")
