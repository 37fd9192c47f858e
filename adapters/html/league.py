"""The league table of the first screen: a row a backend, a column a leading measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from gliobench.adapters.html.casebook.section import ARM_COLOURS
from gliobench.adapters.html.figures.scale import scale, spread
from gliobench.adapters.html.numbers import MISSING, interval, number
from gliobench.adapters.html.words import endpoint_name, measured_by, pair_of, ranked, row_of
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
    "Letters: two backends that share one are not significantly different in this column "
    "(Holm-adjusted p ≥ 0.05)"
)


class Number(NamedTuple):
    """A number with the ends of its interval, and both as printed."""

    value: float
    low: float
    high: float
    text: str
    says: str


@dataclass(frozen=True, slots=True)
class LeagueCell:
    """One number; `low`, `at` and `high` are in per cent of the column's scale.

    Args:
        text: As printed; `MISSING` where there is none.
        says: The interval as printed; empty without one.
        key: To sort by; None goes last.
        low: Lower end of the bar.
        at: Position of the number.
        high: Upper end of the bar.
        letters: Significance letters, where the column has any.
    """

    text: str = MISSING
    says: str = ""
    key: float | None = None
    low: float = 0.0
    at: float = 0.0
    high: float = 0.0
    letters: str = ""


@dataclass(frozen=True, slots=True)
class LeagueColumn:
    """A heading and its meaning; `falls` where less is better."""

    title: str
    meaning: str
    falls: bool = False


@dataclass(frozen=True, slots=True)
class LeagueRow:
    """A backend.

    Args:
        name: The backend.
        colour: Index of its colour.
        mark: "baseline", "stand-in", or "leakage" where it was trained on these patients; or empty.
        baseline: Whether it is a baseline.
        cells: In the order of the columns.
    """

    name: str
    colour: int
    mark: str
    baseline: bool
    cells: tuple[LeagueCell, ...]


@dataclass(frozen=True, slots=True)
class League:
    """The table; real models come first."""

    columns: tuple[LeagueColumn, ...]
    rows: tuple[LeagueRow, ...]

    @property
    def lettered(self) -> bool:
        """Whether any cell has significance letters."""
        return any(cell.letters for row in self.rows for cell in row.cells)


def league(report: Report) -> League:
    """Tabulate all backends; columns without a number are left out."""
    arms = _in_order(report)
    letters = _letters(report)
    columns: list[LeagueColumn] = []
    cells: list[list[LeagueCell]] = []
    for column, read in _columns(report):
        numbers = [read(arm) for arm in arms]
        if any(numbers):
            column_cells = _cells(numbers)
            if not columns:
                column_cells = [
                    replace(cell, letters=letters.get(arm.name, ""))
                    for arm, cell in zip(arms, column_cells, strict=True)
                ]
            columns.append(column)
            cells.append(column_cells)
    rows = [
        LeagueRow(
            name=arm.name,
            colour=report.arms.index(arm) % ARM_COLOURS,
            mark=_mark(report, arm),
            baseline=arm.baseline,
            cells=tuple(column[at] for column in cells),
        )
        for at, arm in enumerate(arms)
    ]
    return League(tuple(columns), tuple(rows))


def _in_order(report: Report) -> list[Arm]:
    """Put models before baselines, the better first; on simulated studies keep the order."""
    order = [name for name, _ in ranked(report.arms, report.primary)]
    if not report.cohort.is_ranked:
        return sorted(report.arms, key=lambda arm: arm.baseline)

    def place(arm: Arm) -> tuple[bool, int]:
        return arm.baseline, order.index(arm.name) if arm.name in order else len(order)

    return sorted(report.arms, key=place)


def _mark(report: Report, arm: Arm) -> str:
    if arm.baseline:
        return "baseline"
    kinds = {found.kind for found in report.findings if found.backend == arm.name}
    marks = {FindingKind.LEAKAGE: "leakage", FindingKind.STAND_IN: "stand-in"}
    return next((mark for kind, mark in marks.items() if kind in kinds), "")


def _letters(report: Report) -> dict[str, str]:
    """Return letters by the claims in the primary endpoint; nothing without pairs."""
    names = [name for name, _ in ranked(report.arms, report.primary)]
    if len(names) < 2 or not report.pairs:
        return {}
    different = {
        frozenset((one, other))
        for at, one in enumerate(names)
        for other in names[at + 1 :]
        if pair_of(report, {one, other}).claim(report.primary).verdict is Verdict.APART
    }
    return compact_letters(names, different)


Reader = Callable[[Arm], Number | None]


def _columns(report: Report) -> Iterator[tuple[LeagueColumn, Reader]]:
    """Yield the primary endpoint first, then the other leading measures and the failures."""
    for endpoint in dict.fromkeys((report.primary, BALANCED_ACCURACY, AUROC)):
        yield _endpoint_column(endpoint)
    dice = Endpoint(leading(Form.MASK), Form.MASK)
    for region in NESTED:
        if (dice, region) != (report.primary, NESTED[0]):
            yield _endpoint_column(dice, region)
    for form, measure in ((Form.POINT, CENTRE_ERROR), (Form.POINT_3D, CENTRE_ERROR_3D)):
        if any(row_of(arm, form) for arm in report.arms):
            yield _median_column(form, measure)
            break
    meaning = "Share of studies with any failure, with Wilson's 95 % CI"
    yield LeagueColumn("Failures", meaning, falls=True), _failures


def _endpoint_column(
    endpoint: Endpoint, region: Region | None = None
) -> tuple[LeagueColumn, Reader]:
    measure = endpoint.measure
    name = f"{measure.title} {region.value}" if region else measure.title
    title = f"{name}, {measure.unit}" if measure.unit else name

    def read(arm: Arm) -> Number | None:
        found = measured_by(arm, endpoint, region)
        return _estimated(found, measure.digits) if isinstance(found, Estimate) else None

    meaning = f"{measure.meaning}: {endpoint_name(endpoint)}, with 95 % CI"
    return LeagueColumn(title, meaning, measure.lower_is_better), read


def _median_column(form: Form, measure: Measure) -> tuple[LeagueColumn, Reader]:
    def read(arm: Arm) -> Number | None:
        row = row_of(arm, form)
        if row is None or measure not in row.spreads:
            return None
        low, middle, high = row.spreads[measure].quartiles
        printed = [number(quartile, measure.digits) for quartile in (low, middle, high)]
        return Number(middle, low, high, printed[1], f"{printed[0]}–{printed[2]}")

    where = "on the scoring plane" if form is Form.POINT else "in the volume"
    meaning = (
        f"Median centre error {where}, with the interquartile range; a failure counts as {WORST_MM}"
    )
    return LeagueColumn(f"Median error (IQR), {measure.unit}", meaning, falls=True), read


def _failures(arm: Arm) -> Number | None:
    rate = arm.failures[0].rate
    if not isinstance(rate, Estimate):
        return None
    ends = spread(rate)
    says = f"{100 * ends.low:.0f}–{100 * ends.high:.0f} %"
    return Number(rate.value, ends.low, ends.high, f"{arm.failures[0].n:,}", says)


def _estimated(found: Estimate, digits: int) -> Number:
    ends = spread(found)
    says = interval(found, digits, dash="–")
    return Number(found.value, ends.low, ends.high, number(found.value, digits), says)


def _cells(numbers: Sequence[Number | None]) -> list[LeagueCell]:
    """Draw bars to one scale: 0 to 1, or to a round number above all."""
    most = max(found.high for found in numbers if found)
    top = 1.0 if most <= 1 else scale(min(most, WORST_MM - 1))[1]
    return [LeagueCell() if found is None else _cell(found, top) for found in numbers]


def _cell(found: Number, top: float) -> LeagueCell:
    low, at, high = (
        round(100 * min(max(value, 0.0), top) / top, 1)
        for value in (found.low, found.value, found.high)
    )
    return LeagueCell(found.text, found.says, found.value, low, at, high)
