"""The league table of the first screen: a row a backend, a column a leading measure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from gliobench.adapters.html.figures.drawing import arm_ink
from gliobench.adapters.html.figures.scale import scale, spread
from gliobench.adapters.html.numbers import interval, number
from gliobench.adapters.html.words import (
    concerned,
    endpoint_name,
    measured_by,
    pair_of,
    ranked,
    row_of,
)
from gliobench.domain.comparison.endpoints import AUROC, BALANCED_ACCURACY, Endpoint
from gliobench.domain.comparison.pair import Verdict
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import (
    CENTRE_ERROR,
    CENTRE_ERROR_3D,
    WORST_MM,
    Measure,
    leading,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.letters import compact_letters

LETTERS = (
    "Backends that share a letter are not significantly different in the first column (Holm-adjusted "
    "p ≥ 0.05)."
)


class Number(NamedTuple):
    """A number with the ends of its interval, and both as printed."""

    value: float
    low: float
    high: float
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class LeagueColumn:
    """A heading, its meaning, and a number for each row; `falls` where less is better."""

    title: str
    meaning: str
    numbers: tuple[Number | None, ...]
    falls: bool = False

    def place(self, value: float) -> float:
        """Place a value in per cent of the scale: 0 to 1, or to a round number above all."""
        most = max(found.high for found in self.numbers if found)
        top = 1.0 if most <= 1 else scale(min(most, WORST_MM - 1))[1]
        return round(100 * min(max(value, 0.0), top) / top, 1)


class LeagueRow(NamedTuple):
    """A backend: its name and colour, what to know of it, and its letters of the first column."""

    arm: Arm
    ink: str
    mark: str
    letters: str


def league(report: Report) -> tuple[list[LeagueColumn], list[LeagueRow]]:
    """Tabulate all backends, real models first; columns without a number are left out."""
    arms, letters = _in_order(report), _letters(report)
    rows = [
        LeagueRow(arm, arm_ink(report, arm.name), _mark(report, arm), letters.get(arm.name, ""))
        for arm in arms
    ]
    return [column for column in _columns(report, arms) if any(column.numbers)], rows


def _in_order(report: Report) -> list[Arm]:
    """Put models before baselines, the better first; on simulated studies keep the order."""
    order = {name: place for place, (name, _) in enumerate(ranked(report, report.primary))}
    if not report.cohort.is_ranked:
        order = {}
    return sorted(report.arms, key=lambda arm: (arm.baseline, order.get(arm.name, len(order))))


def _mark(report: Report, arm: Arm) -> str:
    """Mark baselines, stand-ins, and backends trained on these patients."""
    if arm.baseline:
        return "baseline"
    marks = {"stand-in": FindingKind.STAND_IN, "leakage": FindingKind.LEAKAGE}
    return ", ".join(mark for mark, kind in marks.items() if arm.name in concerned(report, kind))


def _letters(report: Report) -> dict[str, str]:
    """Return letters by the claims in the primary endpoint; nothing without pairs."""
    names = [name for name, _ in ranked(report, report.primary)]
    if len(names) < 2 or not report.pairs:
        return {}
    different = {
        frozenset(pair)
        for pair in combinations(names, 2)
        if pair_of(report, set(pair)).claim(report.primary).verdict is Verdict.APART
    }
    return compact_letters(names, different)


def _columns(report: Report, arms: Sequence[Arm]) -> Iterator[LeagueColumn]:
    """Yield the primary endpoint first, then the other leading measures and the failures."""
    for endpoint in dict.fromkeys((report.primary, BALANCED_ACCURACY, AUROC)):
        yield _endpoint_column(arms, endpoint)
    dice = Endpoint(leading(Form.MASK), Form.MASK)
    for region in NESTED:
        if (dice, region) != (report.primary, NESTED[0]):
            yield _endpoint_column(arms, dice, region)
    if any(row_of(arm, Form.POINT) for arm in arms):
        yield _median_column(arms, Form.POINT, CENTRE_ERROR, "on the scoring plane")
    else:
        yield _median_column(arms, Form.POINT_3D, CENTRE_ERROR_3D, "in the volume")
    meaning = "Share of studies with any failure, with Wilson's 95 % CI"
    yield LeagueColumn("Failures", meaning, tuple(map(_failures, arms)), falls=True)


def _endpoint_column(
    arms: Sequence[Arm], endpoint: Endpoint, region: Region | None = None
) -> LeagueColumn:
    measure = endpoint.measure

    def read(arm: Arm) -> Number | None:
        found = measured_by(arm, endpoint, region)
        if not isinstance(found, Estimate):
            return None
        ends, says = spread(found), interval(found, measure.digits, dash="–")
        text = number(found.value, measure.digits)
        return Number(found.value, ends.low, ends.high, text, says)

    name = f"{measure.title} {region.value}" if region else measure.title
    title = f"{name}, {measure.unit}" if measure.unit else name
    meaning = f"{measure.meaning}: {endpoint_name(endpoint)}, with 95 % CI"
    return LeagueColumn(title, meaning, tuple(map(read, arms)), measure.lower_is_better)


def _median_column(arms: Sequence[Arm], form: Form, measure: Measure, where: str) -> LeagueColumn:
    def read(arm: Arm) -> Number | None:
        row = row_of(arm, form)
        if row is None or measure not in row.spreads:
            return None
        low, middle, high = row.spreads[measure].quartiles
        printed = [number(quartile, measure.digits) for quartile in (low, middle, high)]
        return Number(middle, low, high, printed[1], f"{printed[0]}–{printed[2]}")

    meaning = (
        f"Median centre error {where}, with the interquartile range; a failure counts as {WORST_MM}"
    )
    title = f"Median error (IQR), {measure.unit}"
    return LeagueColumn(title, meaning, tuple(map(read, arms)), falls=True)


def _failures(arm: Arm) -> Number | None:
    failure = arm.failures[0]
    if not isinstance(failure.rate, Estimate):
        return None
    ends = spread(failure.rate)
    says = f"{100 * ends.low:.0f}–{100 * ends.high:.0f} %"
    return Number(failure.rate.value, ends.low, ends.high, f"{failure.n:,}", says)
