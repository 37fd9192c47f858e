"""The report's tables, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeAlias

from gliobench.adapters.html.numbers import MISSING, interval, number, percent, value_of
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import (
    BothWays,
    DetectionSummary,
    FormSummary,
    GradingSummary,
    Spread,
    Summary,
)
from gliobench.domain.labels.regions import NESTED, REGION_TITLES, Region
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import GRADING, WORST_MM, Measure, leading, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate, Measured
from gliobench.domain.studies.study import Grade

Way: TypeAlias = Callable[[BothWays], Summary]


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, with an interval or a count in small print below."""

    text: str
    small: str = ""


NOTHING = Cell(MISSING)
MM3_PER_ML = 1000.0


@dataclass(frozen=True, slots=True)
class Column:
    """A heading and its meaning."""

    title: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Row:
    """A backend's cells; `scored` is the number of studies counted, of all, or empty."""

    name: str
    scored: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that count failures in the same way."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and groups of rows."""

    columns: tuple[Column, ...]
    groups: tuple[Group, ...]


def first_group(table: Table) -> Table:
    """Return the table with its first group alone: every study, failures as the worst answer."""
    return replace(table, groups=table.groups[:1])


def other_groups(table: Table) -> Table | None:
    """Return the table without its first group; None where there is no other."""
    return replace(table, groups=table.groups[1:]) if table.groups[1:] else None


class Shows(Enum):
    """The statistic that a column shows."""

    MEAN = "mean"
    MEDIAN = "median"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Source:
    """The measure behind a column of the localisation tables."""

    column: Column
    form: Form
    measure: Measure
    region: Region | None = None
    shows: Shows = Shows.MEAN


GRADED = tuple(measure for measure in GRADING if measure.in_tables)
"""The columns of the table of grades."""
GRADED_COLUMNS = tuple(Column(measure.heading, measure.meaning) for measure in GRADED)
_HALF = "median over studies; below, the interquartile range (IQR)"
_WORST = f"a failure counts as {WORST_MM} mm; below, the number of failures"


def _sources(*forms: Form) -> tuple[Source, ...]:
    """List the columns of some forms, a measure after the other, of masks by region."""
    return tuple(
        source
        for form in forms
        for measure in measures_of(form)
        if measure.in_tables
        for region in (measure.regions if form is Form.MASK else (None,))
        for source in _columns_of(form, measure, region)
    )


def _columns_of(form: Form, measure: Measure, region: Region | None) -> Iterator[Source]:
    """Yield a measure's columns: of a distance median and failures first, then the mean."""
    title = f"{measure.title} {region.value}" if region else measure.title
    several = measure.regions[1:]
    meaning = (
        f"{measure.meaning}, {REGION_TITLES[region]}" if region and several else measure.meaning
    )
    if not measure.is_distance:
        unit = f", {measure.unit}" if measure.unit else ""
        yield Source(Column(title + unit, meaning), form, measure, region)
        return
    head = f"{title}, {measure.unit}"
    median = Column(f"{head}: median", f"{meaning}: {_HALF}")
    yield Source(median, form, measure, region, Shows.MEDIAN)
    if region is None:
        failed = Column(f"{title}: failed", "Studies without an answer, of those scored")
        yield Source(failed, form, measure, region, Shows.FAILED)
    mean = Column(f"{head}: mean", f"The same, mean: {_WORST}")
    yield Source(mean, form, measure, region)


IN_VOLUME = _sources(Form.POINT_3D, Form.BOX_3D, Form.MASK)
ON_PLANE = _sources(Form.POINT, Form.BOX, Form.POLYGON)


def measured_cell(measured: Measured | None, digits: int = 2) -> Cell:
    """Print a number, with its interval below."""
    if not isinstance(measured, Estimate):
        return NOTHING
    return Cell(number(measured.value, digits), interval(measured, digits))


def grading_table(report: Report) -> Table | None:
    """Tabulate grading, with a row for always answering HGG.

    Returns:
        None where no backend grades a study of known grade.
    """
    rows = [(b, b.summary) for b in report.arms]
    groups = [
        Group(title, (*_graded(rows_of), *_always_hgg(rows_of)))
        for title, way in _ways(report)
        if (rows_of := [(b, way(summary.everyone)) for b, summary in rows])
        and any(summary.grading for _, summary in rows_of)
    ]
    mixed = [
        (b, summary.mixed_sites.intention_to_treat)
        for b, summary in rows
        if summary.mixed_sites is not None
    ]
    if any(summary.grading for _, summary in mixed):
        title = "Only sites with both grades, where the site does not determine the grade"
        groups.append(Group(title, (*_graded(mixed), *_always_hgg(mixed))))
    return Table(GRADED_COLUMNS, tuple(groups)) if groups else None


def localisation_table(report: Report, sources: Sequence[Source]) -> Table | None:
    """Tabulate localisation; None where no backend localises in these forms."""
    shown = [*_of_scored_regions(report, sources), *_other_regions(report, sources)]
    groups = [
        Group(title, rows)
        for title, way in _ways(report)
        if (rows := tuple(_localised(report, way, shown)))
    ]
    columns = tuple(source.column for source in shown)
    return _without_empty(Table(columns, tuple(groups))) if groups else None


def _without_empty(table: Table) -> Table:
    """Leave out columns in which no backend has a value."""
    rows = [row for group in table.groups for row in group.rows]
    kept = [at for at in range(len(table.columns)) if any(row.cells[at] != NOTHING for row in rows)]
    groups = tuple(
        replace(
            group,
            rows=tuple(
                replace(row, cells=tuple(row.cells[at] for at in kept)) for row in group.rows
            ),
        )
        for group in table.groups
    )
    return Table(tuple(table.columns[at] for at in kept), groups)


def _scored_regions(report: Report) -> set[Region]:
    """Return the mask regions in which at least one backend was scored."""
    return {
        row.region
        for backend in report.arms
        for row in backend.summary.everyone.intention_to_treat.localisation
        if row.region is not None
    }


def _of_scored_regions(report: Report, sources: Sequence[Source]) -> list[Source]:
    """Drop columns of regions in which no backend was scored, where others were."""
    scored = _scored_regions(report)
    return [
        source
        for source in sources
        if source.region is None or not scored or source.region in scored
    ]


def _other_regions(report: Report, sources: Sequence[Source]) -> Iterator[Source]:
    """Yield columns for the regions that only some label conventions have."""
    if not any(source.region for source in sources):
        return
    scored = _scored_regions(report)
    for region in (region for region in Region if region in scored and region not in NESTED):
        yield from _columns_of(Form.MASK, leading(Form.MASK), region)


DETECTION = (
    Column(
        "Tumours detected", "Sensitivity: share of the studies with the region in the reference"
    ),
    Column("Tumour-free correct", "Specificity: share of the studies without it"),
    Column("False-positive volume, ml", "Mean over the studies without it, correct ones included"),
)


def detection_table(report: Report) -> Table | None:
    """Tabulate detection by region: sensitivity, specificity and false-positive volume.

    Failures count as wrong in both. None where no study can be evaluated.
    """
    found: dict[str, list[Row]] = {}
    for backend in report.arms:
        for item in backend.summary.everyone.intention_to_treat.detection:
            title = REGION_TITLES[item.region or Region.WT].capitalize()
            scored = f"{item.n_with + item.n_without} / {backend.summary.n_studies}"
            found.setdefault(title, []).append(
                Row(backend.name, scored, tuple(_detection_cells(item)))
            )
    groups = tuple(Group(title, tuple(rows)) for title, rows in found.items())
    return _without_empty(Table(DETECTION, groups)) if groups else None


def _detection_cells(one: DetectionSummary) -> Iterator[Cell]:
    for measured, n in ((one.sensitivity, one.n_with), (one.specificity, one.n_without)):
        right = round(measured.value * n) if isinstance(measured, Estimate) else 0
        small = " · ".join(filter(None, (f"{right} of {n}", interval(measured)))) if n else ""
        yield Cell(number(value_of(measured)), small)
    volume = value_of(one.false_positive_mm3)
    most = one.largest_false_positive_mm3
    yield (
        NOTHING
        if volume is None or most is None
        else Cell(number(volume / MM3_PER_ML, 1), f"at most {number(most / MM3_PER_ML, 1)}")
    )


def site_rows(report: Report) -> list[tuple[str, list[int]]]:
    """Count studies by site: HGG, LGG, unknown; unknown sites last."""
    sites = report.cohort.sites
    names = sorted(sites, key=lambda site: (site is None, site or ""))
    return [(name or "unknown", grade_counts(sites[name])) for name in names]


def grade_counts(grades: Mapping[Grade | None, int]) -> list[int]:
    """Count HGG, LGG and unknown."""
    return [grades.get(grade, 0) for grade in (Grade.HGG, Grade.LGG, None)]


def _ways(report: Report) -> list[tuple[str, Way]]:
    """Name the ways of counting; they coincide where nothing failed."""
    if not any(b.summary.n_failed for b in report.arms):
        return [("All studies", _intention_to_treat)]
    return [
        ("Intention-to-treat: a failure counts as the worst answer", _intention_to_treat),
        ("Answered only: failures are excluded", _answered_only),
    ]


def _intention_to_treat(both: BothWays) -> Summary:
    return both.intention_to_treat


def _answered_only(both: BothWays) -> Summary:
    return both.answered_only


def _graded(rows: Sequence[tuple[Arm, Summary]]) -> Iterator[Row]:
    for backend, summary in rows:
        if (grading := summary.grading) is not None:
            scored = f"{grading.n} / {backend.summary.n_studies}"
            yield Row(backend.name, scored, tuple(_grading_cells(grading)))


def _grading_cells(grading: GradingSummary) -> Iterator[Cell]:
    for measure in GRADED:
        yield _cell(grading.measures.get(measure, UNMEASURED), digits=measure.digits, n=grading.n)


def _always_hgg(rows: Sequence[tuple[Arm, Summary]]) -> Iterator[Row]:
    """Yield the row of always answering HGG, over the most studies that any row counts."""
    known = [(b, s.grading) for b, s in rows if s.grading is not None]
    backend, most = max(known, key=lambda found: found[1].n)
    both = most.confusion.true_negative + most.confusion.false_positive > 0
    always = {
        measures.ACCURACY: Cell(number(value_of(most.always_hgg)), interval(most.always_hgg)),
        measures.BALANCED_ACCURACY: Cell("0.50" if both else MISSING),
        measures.SENSITIVITY: Cell("1.00" if value_of(most.always_hgg) else MISSING),
        measures.SPECIFICITY: Cell("0.00" if both else MISSING),
    }
    cells = tuple(always.get(measure, Cell(MISSING)) for measure in GRADED)
    yield Row("always HGG", f"{most.n} / {backend.summary.n_studies}", cells)


def _localised(report: Report, way: Way, sources: Sequence[Source]) -> Iterator[Row]:
    for backend in report.arms:
        rows = way(backend.summary.everyone).localisation
        found = [(source, _form(rows, source)) for source in sources]
        counts = [form.n for _, form in found if form is not None]
        if counts:
            cells = tuple(_form_cell(form, source, n=max(counts)) for source, form in found)
            yield Row(backend.name, f"{max(counts)} / {backend.summary.n_studies}", cells)


def _form(rows: Sequence[FormSummary], source: Source) -> FormSummary | None:
    for row in rows:
        if row.form is source.form and row.region is source.region:
            return row
    return None


def _form_cell(form: FormSummary | None, source: Source, *, n: int) -> Cell:
    if form is None:
        return NOTHING
    spread = form.spreads.get(source.measure)
    if source.shows is Shows.FAILED:
        return Cell(
            f"{form.n_failed} / {form.n}", percent(form.n_failed / form.n if form.n else None)
        )
    if source.shows is Shows.MEDIAN:
        return NOTHING if spread is None else _median(spread, source.measure.digits)
    cell = _cell(form.measures.get(source.measure, UNMEASURED), digits=source.measure.digits, n=n)
    if form.n_empty:
        cell = replace(cell, small=" · ".join(filter(None, (cell.small, f"{form.n_empty} empty"))))
    if spread is None or not spread.n_worst:
        return cell
    worst = f"{spread.n_worst:,} at {WORST_MM}"
    return replace(cell, small=" · ".join(filter(None, (cell.small, worst))))


def _median(spread: Spread, digits: int) -> Cell:
    low, middle, high = (number(quartile, digits) for quartile in spread.quartiles)
    return Cell(middle, f"{low} to {high}")


def _cell(measured: Measured, *, digits: int, n: int) -> Cell:
    """Print a measure, and its number of studies where that differs from its row's."""
    own = f"n = {measured.n}" if isinstance(measured, Estimate) and measured.n != n else ""
    small = " · ".join(filter(None, (interval(measured, digits), own)))
    return Cell(number(value_of(measured), digits), small)
