"""Figures of grading: ROC and precision-recall curves, and confusion matrices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gliobench.adapters.html.figures.drawing import XY, Axes, Dot, Figure, Label, Mark, Panel
from gliobench.adapters.html.numbers import count, number, percent, value_of
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics import measures
from gliobench.domain.statistics.curves import Curve

TICKS = (0.0, 0.5, 1.0)


def ranking_curves(report: Report) -> list[Figure]:
    """Plot ROC and precision-recall curves, one picture per grader, with the others behind."""
    graders = [arm for arm in report.arms if _graded(arm)]
    return [figure for arm in graders for figure in _curves(arm, graders)]


def _graded(arm: Arm) -> GradingSummary | None:
    return arm.summary.everyone.intention_to_treat.grading


def _curves(arm: Arm, graders: Sequence[Arm]) -> Iterator[Figure]:
    found = _graded(arm)
    if found is None or value_of(found.always_hgg) in (None, 0.0, 1.0):
        return
    areas = [
        f"{measure.title} {number(value_of(found.measures[measure]), measure.digits)}"
        for measure in (measures.AUROC, measures.AUPRC)
        if measure in found.measures
    ]
    sensitivity, specificity, ppv = _rates(found)
    says = ", ".join(areas) or "no probabilities, hence no curve"
    point = (
        f"operating point: sensitivity {number(sensitivity)}, specificity "
        f"{number(specificity)}, precision {number(ppv)}"
    )
    yield Figure(
        name=f"curves-{arm.name}",
        title=arm.name,
        says=f"{says}; {point}.",
        alt=f"ROC and precision-recall curves of {arm.name}: {says}; {point}.",
        size=(402, 196),
        marks=(*_roc(arm, found, graders), *_precision_recall(arm, found, graders)),
    )


def _roc(arm: Arm, found: GradingSummary, graders: Sequence[Arm]) -> Iterator[Mark]:
    axes = Axes(at=(32, 6), size=(158, 158))
    yield from axes.frame("1 − specificity", "sensitivity", TICKS)
    yield axes.line([(0, 0), (1, 1)], "mark")
    for other in graders:
        if other is not arm and isinstance(other.roc, Curve):
            yield axes.line(other.roc.corners, "other")
    if isinstance(arm.roc, Curve):
        yield axes.line(arm.roc.corners, "curve")
    sensitivity, specificity, _ = _rates(found)
    if sensitivity is not None and specificity is not None:
        yield Dot(axes.place(1 - specificity, sensitivity), 4, "answer")


def _precision_recall(arm: Arm, found: GradingSummary, graders: Sequence[Arm]) -> Iterator[Mark]:
    axes = Axes(at=(240, 6), size=(158, 158))
    prevalence = value_of(found.always_hgg) or 0.0
    yield from axes.frame("sensitivity", "precision", TICKS)
    yield axes.line([(0, prevalence), (1, prevalence)], "mark")
    for other in graders:
        if other is not arm and isinstance(other.precision_recall, Curve):
            yield axes.line(_stairs(other.precision_recall), "other")
    if isinstance(arm.precision_recall, Curve):
        yield axes.line(_stairs(arm.precision_recall), "curve")
    sensitivity, _, ppv = _rates(found)
    if sensitivity is not None and ppv is not None:
        yield Dot(axes.place(sensitivity, ppv), 4, "answer")


def _rates(found: GradingSummary) -> list[float | None]:
    """Return sensitivity, specificity and precision."""
    rates = (measures.SENSITIVITY, measures.SPECIFICITY, measures.PPV)
    return [value_of(found.measures[rate]) for rate in rates]


def _stairs(curve: Curve) -> list[XY]:
    """Interpolate by steps: there is no threshold between two others."""
    starts = [0.0, *(x for x, _ in curve.corners)]
    pairs = zip(starts, curve.corners, strict=False)
    return [place for start, (x, y) in pairs for place in ((start, y), (x, y))]


def confusion_matrices(report: Report) -> list[Figure]:
    """Draw a confusion matrix per backend that grades."""
    return [
        _confusion(arm.name, found) for arm in report.arms if (found := _graded(arm)) is not None
    ]


def _confusion(name: str, found: GradingSummary) -> Figure:
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
        Label((67, 10), "pred. HGG", "middle"),
        Label((127, 10), "pred. LGG", "middle"),
    ]
    return Figure(
        name=f"confusion-{name}",
        title=name,
        says=failed,
        alt=f"Confusion matrix of {name}: {rows}. {failed}".strip(),
        size=(157, 112),
        marks=(*heads, *marks),
    )


def _matrix_row(at: int, grade: str, hgg: int, lgg: int) -> Iterator[Mark]:
    top, n = 16 + 48 * at, max(1, hgg + lgg)
    yield Label((0, top + 21), grade, ink="name")
    yield Label((0, top + 33), f"n = {hgg + lgg}")
    for column, (predicted, called) in enumerate((("HGG", hgg), ("LGG", lgg))):
        left = 38 + 60 * column
        ink = "right" if predicted == grade else "wrong"
        yield Panel((left, top), (58, 46), "field")
        yield Panel((left, top), (58, 46), ink, strength=0.35 * called / n)
        yield Label((left + 29, top + 23), str(called), "middle", ink="big")
        yield Label((left + 29, top + 37), percent(called / n), "middle", ink="name")
