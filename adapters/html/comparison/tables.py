"""What the comparison's tables hold, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.words import endpoint_name, in_order, p_value
from gliobench.adapters.html.numbers import MISSING, interval, number, percent, value_of
from gliobench.adapters.html.sentences import REASONS
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table, grading_table
from gliobench.domain.comparison.endpoints import LEADING, Endpoint
from gliobench.domain.comparison.published import PAPER, PUBLISHED, Published
from gliobench.domain.comparison.result import Arm, Comparison, Family, Pair, Stratum, StratumRow
from gliobench.domain.position.bias import IMAGE_CENTRE, PositionBias
from gliobench.domain.prediction import Form
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.statistics.wilcoxon import SignedRank

NOTHING = Cell(MISSING)


def graded_beside_the_paper(comparison: Comparison) -> Table | None:
    """Lay out how backends grade, with the paper's numbers for a model of the same kind."""
    table = grading_table(as_report(comparison))
    if table is None:
        return None
    backend = {arm.name: arm.backend for arm in comparison.arms}
    column = Column(
        "Published", f"{PAPER}, a model of the same kind on other patients of BraTS 2020"
    )
    groups = tuple(
        replace(
            group,
            rows=tuple(
                replace(
                    row, cells=(*row.cells, _published(PUBLISHED.get(backend.get(row.name, ""))))
                )
                for row in group.rows
            ),
        )
        for group in table.groups
    )
    return Table((*table.columns, column), groups)


def _published(found: Published | None) -> Cell:
    if found is None:
        return NOTHING
    spared = f"specificity {percent(found.specificity)}" if found.specificity is not None else ""
    return Cell(f"{percent(found.accuracy)} accuracy", spared or found.model)


def paired_grades(comparison: Comparison) -> Table | None:
    """Lay out the tests of every two backends that grade; None where there are no such two."""
    primary = comparison.primary
    columns = (
        Column("Difference", f"In {endpoint_name(primary)}: the first less the second"),
        Column("Its p", "By swapping the answers patient by patient; beneath, after Holm"),
        Column(
            "Right, all",
            "Studies that the first alone and the second alone has right; McNemar's tests, Holm's of mid-p",
        ),
        Column("Right, HGG", "The same within HGG"),
        Column("Right, LGG", "The same within LGG"),
        Column("AUROC", "Difference of the areas, DeLong's interval and test"),
        Column("Detectable", "Difference of accuracies that this sample shows 4 times in 5"),
    )
    rows = tuple(
        Row(
            f"{pair.first} − {pair.second}",
            str(_n(pair)),
            (
                _cell(pair.difference(primary)),
                _tested(pair, Family.PRIMARY, primary.name),
                _right(pair, Family.GRADES, "all"),
                _right(pair, Family.WITHIN_GRADES, "HGG"),
                _right(pair, Family.WITHIN_GRADES, "LGG"),
                _auroc(pair),
                _detectable(pair),
            ),
        )
        for pair in comparison.pairs
        if pair.right
    )
    return Table(columns, (Group("", rows),)) if rows else None


def _n(pair: Pair) -> int:
    return max((one.n for one in pair.right.values() if isinstance(one, McNemar)), default=0)


def _cell(measured: Measured | None, digits: int = 2) -> Cell:
    if measured is None or isinstance(measured, NotEstimable):
        return NOTHING
    return Cell(number(measured.value, digits), interval(measured, digits))


def _tested(pair: Pair, family: Family, of: str) -> Cell:
    test = pair.test(family, of)
    if test is None or isinstance(test.p, NotEstimable):
        return NOTHING
    return Cell(p_value(test.p), f"Holm {p_value(test.adjusted)}")


def _right(pair: Pair, family: Family, part: str) -> Cell:
    found, test = pair.right.get(part), pair.test(family, part)
    if not isinstance(found, McNemar) or test is None:
        return NOTHING
    counts = f"{found.only_first} : {found.only_second}"
    told = (
        f"mid-p {p_value(found.mid_p)}",
        f"exact {p_value(found.exact_p)}",
        f"Holm {p_value(test.adjusted)}",
    )
    return Cell(counts, " · ".join(told))


def _auroc(pair: Pair) -> Cell:
    if not isinstance(pair.auroc, PairedAuroc):
        return NOTHING
    test = pair.test(Family.AUROC, "auroc")
    p = p_value(pair.auroc.p)
    told = (interval(pair.auroc.difference), f"p {p}" if p else "")
    held = f"Holm {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
    value = number(pair.auroc.difference.value)
    return Cell(value, " · ".join(filter(None, (*told, held))))


def _detectable(pair: Pair) -> Cell:
    if pair.detectable is None:
        return NOTHING
    accuracy, auroc = pair.detectable.accuracy, pair.detectable.auroc
    small = f"AUROC {number(auroc)}" if isinstance(auroc, float) else ""
    if isinstance(accuracy, NotEstimable):
        return Cell(MISSING, " · ".join(filter(None, (accuracy.reason, small))))
    return Cell(number(accuracy), small)


def paired_places(comparison: Comparison) -> Table | None:
    """Lay out the shifts of every two backends that localise, by form."""
    columns = (
        Column("Difference of means", "The first less the second, over patients drawn in pairs"),
        Column("Shift", "Hodges and Lehmann's median difference with its interval"),
        Column("Wilcoxon, p", "Signed-rank test; beneath, after Holm over all pairs and forms"),
    )
    groups = []
    for endpoint in LEADING:
        rows = tuple(_shifted(comparison.pairs, endpoint))
        if rows:
            name = endpoint_name(endpoint)
            better = "more is better" if endpoint.sign > 0 else "less is better"
            groups.append(Group(f"{name[0].upper()}{name[1:]}: {better}", rows))
    return Table(columns, tuple(groups)) if groups else None


def _shifted(pairs: Sequence[Pair], endpoint: Endpoint) -> Iterator[Row]:
    digits = 1 if endpoint.sign < 0 else 2
    for pair in pairs:
        shift = pair.shifts.get(endpoint.form) if endpoint.form else None
        if isinstance(shift, SignedRank):
            first, second, turned = in_order(pair, endpoint)
            yield Row(
                f"{first} − {second}",
                str(shift.shift.n),
                (
                    _turn(pair.difference(endpoint), turned, digits),
                    _turn(shift.shift, turned, digits),
                    _tested(pair, Family.LOCALISATION, endpoint.name),
                ),
            )


def _turn(measured: Measured | None, turned: int, digits: int) -> Cell:
    return NOTHING if measured is None else _cell(mirrored(measured, turned), digits)


def mirrored(measured: Measured, sign: int) -> Measured:
    """Read a difference the other way round where `sign` is -1."""
    if sign > 0 or isinstance(measured, NotEstimable):
        return measured
    spread = measured.interval
    if not isinstance(spread, NotEstimable):
        spread = replace(spread, low=-spread.high, high=-spread.low)
    return replace(measured, value=-measured.value, interval=spread)


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


def failure_table(comparison: Comparison) -> Table | None:
    """Lay out why answers are missing, with rates; None where none is."""
    reasons = [reason for reason in REASONS if any(_rate(arm, reason) for arm in comparison.arms)]
    if not reasons:
        return None
    rows = tuple(
        Row(arm.name, str(arm.summary.n_studies), tuple(_rates(arm, [None, *reasons])))
        for arm in comparison.arms
    )
    columns = (
        Column("Any", "Studies with a failure of any kind"),
        *(Column(reason.value.replace("_", " "), REASONS[reason]) for reason in reasons),
    )
    return Table(columns, (Group("", rows),))


def _rates(arm: Arm, reasons: Sequence[object]) -> Iterator[Cell]:
    for reason in reasons:
        rate = _rate(arm, reason)
        found = rate if rate is not None else arm.failures[0].rate
        text = f"{percent(value_of(found))}" if rate is not None else "0"
        yield Cell(text, interval(found) if rate is not None else "")


def _rate(arm: Arm, reason: object) -> Measured | None:
    return next((one.rate for one in arm.failures if one.reason is reason and one.n), None)


def bias_table(comparison: Comparison) -> Table | None:
    """Lay out what answers owe to the tumour; None where nobody answers on the plane."""
    columns = (
        Column("Tracking index", "0: the image is ignored; 1: every answer lies on its tumour"),
        Column("Slope x", "mm that answers move to a side when the tumour moves 1 mm"),
        Column("Slope y", "The same from back to front"),
        Column("R², x and y", "Share of the answers' variance that the tumours explain"),
        Column("Spread, mm", "Of the answers about their mean; beneath, of the tumours"),
        Column("Entropy", "How evenly the answers are spread, 0 to 1; beneath, the tumours"),
        Column("Survives", "Share of the score left when answers are handed to other patients"),
        Column("Gain, mm", "How much nearer than the middle of the image; beneath, its interval"),
    )
    groups = []
    for form, name in ((Form.POINT, "points"), (Form.BOX, "boxes"), (Form.POLYGON, "polygons")):
        found = [
            (arm, bias.measured)
            for arm in comparison.arms
            for bias in arm.biases
            if bias.form is form
        ]
        rows = tuple(
            Row(arm.name, str(one.n), tuple(_biased(one)))
            for arm, one in found
            if isinstance(one, PositionBias)
        )
        if rows:
            groups.append(Group(f"By {name}", rows))
    return Table(columns, tuple(groups)) if groups else None


def _biased(bias: PositionBias) -> Iterator[Cell]:
    yield _cell(bias.tracking)
    yield _cell(bias.x.slope)
    yield _cell(bias.y.slope)
    squared = (number(value_of(line.r_squared)) for line in (bias.x, bias.y))
    yield Cell(" · ".join(squared))
    yield Cell(number(bias.predicted.spread_mm, 1), number(bias.reference.spread_mm, 1))
    yield Cell(number(bias.predicted.entropy), number(bias.reference.entropy))
    left = bias.shuffled.survives
    yield Cell(
        MISSING if isinstance(left, NotEstimable) else percent(left),
        f"p {p_value(bias.shuffled.p_value)}",
    )
    yield _cell(bias.priors[IMAGE_CENTRE].gain_mm, 1)


@dataclass(frozen=True, slots=True)
class StrataTable:
    """One measure of all backends in all parts of the cohort."""

    title: str
    table: Table


def strata_tables(comparison: Comparison) -> list[StrataTable]:
    """Lay out accuracy and centre error by part of the cohort, a column a backend."""
    found = []
    for title, measure, digits in (
        ("Share of right grades", "accuracy", 2),
        ("Centre error on the scoring plane, mm", "error_mm", 1),
    ):
        arms = [
            arm.name
            for at, arm in enumerate(comparison.arms)
            if any(
                not isinstance(getattr(s.rows[at], measure), NotEstimable)
                for s in comparison.strata
            )
        ]
        if arms:
            groups = tuple(
                Group(
                    by.value[0].upper() + by.value[1:],
                    tuple(_parts(list(parts), arms, measure, digits)),
                )
                for by, parts in groupby(comparison.strata, key=lambda one: one.by)
            )
            columns = tuple(Column(name, f"{title}, {name}") for name in arms)
            found.append(StrataTable(title, Table(columns, groups)))
    return found


def _parts(
    parts: Sequence[Stratum], arms: Sequence[str], measure: str, digits: int
) -> Iterator[Row]:
    for part in parts:
        rows: dict[str, StratumRow] = {row.arm: row for row in part.rows}
        cells = tuple(_cell(getattr(rows[name], measure), digits) for name in arms)
        yield Row(part.name + _range(part), str(part.rows[0].n), cells)


def _range(part: Stratum) -> str:
    """Say what a tercile holds."""
    if not part.edges:
        return ""
    low, high = part.edges
    names = {"small": 0, "central": 0, "medium": 1, "between": 1}
    place = names.get(part.name, 2)
    text = (f"up to {low:.0f}", f"{low:.0f} to {high:.0f}", f"over {high:.0f}")[place]
    return f" ({text} {part.unit})"
