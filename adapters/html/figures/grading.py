"""Figures of grading: ROC and precision-recall curves, confusion matrices, reliability diagrams."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from gliobench.adapters.html.figures.drawing import (
    XY,
    Axes,
    Dot,
    Figure,
    Label,
    Line,
    Mark,
    Panel,
    arm_ink,
)
from gliobench.adapters.html.figures.rows import INTERVAL, LETTER
from gliobench.adapters.html.figures.scale import SHARES, Scale, printed, spread
from gliobench.adapters.html.numbers import count, number, percent, value_of
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.summary import GradingSummary
from gliobench.domain.metrics import measures
from gliobench.domain.statistics.curves import Curve
from gliobench.domain.statistics.estimate import Estimate, Measured, NotEstimable
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.studies.grading_target import NEGATIVE_SHORT, POSITIVE, POSITIVE_SHORT

KEY = 25.0
"""Height of a backend in the key."""
PROBABILITY = (f"predicted P({POSITIVE_SHORT})", f"observed share of {POSITIVE_SHORT}")


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
        if isinstance(self.area, Estimate):
            return printed(self.area)
        return "no probabilities, hence no curve"

    def placed(self, axes: Axes) -> str:
        """Print the operating point."""
        x, y = map(number, self.point)
        return f"{axes.x.title} {x}, {axes.y.title} {y}"


def ranking_curves(report: Report) -> list[Figure]:
    """Plot the ROC curves and the precision-recall curves of all graders, in a plane each."""
    roc, precision, prevalence = [], [], 0.0
    for arm in report.arms:
        if arm.grading is None or value_of(arm.grading.always_hgg) in (None, 0.0, 1.0):
            continue
        prevalence = value_of(arm.grading.always_hgg) or 0.0
        found = arm.grading.measures
        rates = (measures.SENSITIVITY, measures.SPECIFICITY, measures.PPV)
        sensitivity, specificity, ppv = (value_of(found[rate]) for rate in rates)
        off = None if specificity is None else 1 - specificity
        named, corners = (arm.name, arm_ink(report, arm.name)), _corners(arm.roc)
        roc.append(Grader(*named, corners, (off, sensitivity), found.get(measures.AUROC)))
        stairs = _stairs(_corners(arm.precision_recall))
        precision.append(Grader(*named, stairs, (sensitivity, ppv), found.get(measures.AUPRC)))
    if not roc:
        return []
    if report.cohort.is_ranked:
        for graders in (roc, precision):
            graders.sort(key=lambda grader: -((grader.area and value_of(grader.area)) or 0.0))
    dashed, level = f"prevalence of {POSITIVE}, {percent(prevalence)}", (prevalence, prevalence)
    return [
        _plane("ROC curves", ("1 − specificity", "sensitivity"), roc, "chance", (0, 1)),
        _plane("Precision-recall curves", ("sensitivity", "precision"), precision, dashed, level),
    ]


def _corners(curve: Curve | NotEstimable) -> Sequence[XY]:
    return curve.corners if isinstance(curve, Curve) else ()


def _stairs(corners: Sequence[XY]) -> list[XY]:
    """Interpolate by steps: there is no threshold between two others."""
    starts = (0.0, *(x for x, _ in corners))
    pairs = zip(starts, corners, strict=False)
    return [place for start, (x, y) in pairs for place in ((start, y), (x, y))]


def _plane(
    title: str, titles: tuple[str, str], graders: Sequence[Grader], dashed: str, chance: XY
) -> Figure:
    """Draw a plane with the key on its right, and below it on phones."""
    axes = Axes((34, 6), (200, 200), *(replace(SHARES, title=title) for title in titles))
    shape, below, key = tuple(_curves(axes, graders, chance)), 244, KEY * len(graders)
    points = "; ".join(
        f"{grader.name}: {grader.printed}, {grader.placed(axes)}" for grader in graders
    )
    letters = LETTER * max(
        len(text) for grader in graders for text in (grader.name, grader.printed)
    )
    wide = Figure(
        name=title.lower().replace(" ", "-"),
        title=title,
        says=f"Dots: operating points; dashed: {dashed}. Numbers: area with 95 % CI.",
        alt=f"{title}, area and operating point. {points}.",
        size=(262 + letters, max(below, key + 8)),
        marks=(*shape, *_key((248, 14), graders)),
        numbers=(
            ("backend", "part", *titles),
            *(row for grader in graders for row in _numbers(grader)),
        ),
    )
    size, marks = (max(240, 20 + letters), below + key), (*shape, *_key((6, below + 8), graders))
    return replace(wide, narrow=replace(wide, size=size, marks=marks))


def _numbers(grader: Grader) -> Iterator[tuple[object, ...]]:
    yield (grader.name, "operating point", *grader.point)
    yield from ((grader.name, "curve", *place) for place in grader.line)


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
            says = f"{grader.name}: {grader.placed(axes)}"
            yield Dot(axes.place(x, y), 4, f"point {grader.ink}", says)


def _key(at: XY, graders: Sequence[Grader]) -> Iterator[Mark]:
    left, top = at
    for index, grader in enumerate(graders):
        y = top + index * KEY
        yield Dot((left, y - 3.5), 4, f"point {grader.ink}")
        yield Label((left + 10, y), grader.name, ink="name")
        yield Label((left + 10, y + 11), grader.printed)


def confusion_matrices(report: Report) -> list[Figure]:
    """Draw a confusion matrix per backend that grades."""
    said = "pred. " if report.target.is_grade else ""  # other classes have longer names
    return [
        _confusion(arm.name, arm.grading, arm_ink(report, arm.name), said)
        for arm in report.arms
        if arm.grading is not None
    ]


def _confusion(name: str, found: GradingSummary, ink: str, said: str) -> Figure:
    matrix = found.confusion
    counts = (
        (POSITIVE_SHORT, matrix.true_positive, matrix.false_negative),
        (NEGATIVE_SHORT, matrix.false_positive, matrix.true_negative),
    )
    rows = "; ".join(
        f"of {hgg + lgg} {grade}, {hgg} predicted {POSITIVE_SHORT} and {lgg} {NEGATIVE_SHORT}"
        for grade, hgg, lgg in counts
    )
    failed = f"{count(found.n_failed, 'failure')} counted as wrong" if found.n_failed else ""
    return Figure(
        name=f"confusion-{name}",
        title=name,
        says=failed,
        alt=f"Confusion matrix of {name}: {rows}. {failed}".strip(),
        size=(163, 112),
        marks=(
            Label((73, 10), f"{said}{POSITIVE_SHORT}", "middle"),
            Label((133, 10), f"{said}{NEGATIVE_SHORT}", "middle"),
            *_matrix_row(16, *counts[0]),
            *_matrix_row(64, *counts[1]),
        ),
        numbers=(
            ("reference", f"predicted {POSITIVE_SHORT}", f"predicted {NEGATIVE_SHORT}"),
            *counts,
        ),
        ink=ink,
    )


def _matrix_row(top: int, grade: str, hgg: int, lgg: int) -> Iterator[Mark]:
    yield Label((0, top + 21), grade, ink="name")
    yield Label((0, top + 33), f"n = {hgg + lgg}")
    for left, predicted, called in ((44, POSITIVE_SHORT, hgg), (104, NEGATIVE_SHORT, lgg)):
        share, kind = called / max(1, hgg + lgg), "right" if predicted == grade else "wrong"
        yield Panel((left, top), (58, 46), "field")
        yield Panel((left, top), (58, 46), kind, strength=0.35 * share)
        yield Label((left + 29, top + 23), str(called), "middle", ink="big")
        yield Label((left + 29, top + 37), percent(share), "middle", ink="name")


def reliability_diagrams(report: Report) -> list[Figure]:
    """Plot observed over predicted; a backend with one probability for all has one point."""
    return [
        _reliability(arm.name, arm.calibration, arm_ink(report, arm.name))
        for arm in report.arms
        if isinstance(arm.calibration, Reliability)
    ]


def _reliability(name: str, found: Reliability, ink: str) -> Figure:
    bins = [
        (item.n, item.said, item.seen.value, ends.low, ends.high)
        for item in found.curve
        if isinstance(item.seen, Estimate)
        for ends in [spread(item.seen)]
    ]
    words = "; ".join(f"{_observed(x, y)} ({count(n, 'study')})" for n, x, y, *_ in bins)
    few = ", too few studies" if found.warning else ""
    return Figure(
        name=f"reliability-{name}",
        title=name,
        says=f"Brier {number(found.brier, 3)}; ECE {number(found.ece, 3)}{few}; n = {found.n}",
        alt=f"Reliability of {name}, share of {POSITIVE}: {words}.",
        size=(198, 226),
        marks=tuple(_calibration(bins, ink)),
        numbers=(("studies", *PROBABILITY, *INTERVAL), *bins),
        ink=ink,
    )


def _observed(predicted: float, observed: float) -> str:
    return f"predicted {number(predicted)}, observed {number(observed)}"


def _calibration(
    bins: Sequence[tuple[int, float, float, float, float]], ink: str
) -> Iterator[Mark]:
    """Draw each bin's point and interval, and its number of studies as a bar below."""
    scales = (Scale((0, 1), (0, 0.5, 1), title) for title in PROBABILITY)
    axes = Axes((32, 6), (158, 158), *scales)
    yield from axes.frame()
    yield axes.line([(0, 0), (1, 1)], "mark")
    most = max(n for n, *_ in bins)
    for n, predicted, observed, low, high in bins:
        at, height = axes.place(predicted, observed), 24 * n / most
        yield Panel((at[0] - 3, 222 - height), (6, height), "other-fill")
        yield axes.line([(predicted, low), (predicted, high)], f"spread {ink}")
        says = f"{count(n, 'study')}: {_observed(predicted, observed)}"
        yield Dot(at, 3.6, f"point {ink}", says)
    yield Line([(32, 222), (190, 222)], "grid")
