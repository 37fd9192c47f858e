"""The tables of grading, localisation and detection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from gliobench.adapters.html.numbers import interval, joined, number, percent, value_of
from gliobench.adapters.html.tables import (
    NOTHING,
    Cell,
    Column,
    Table,
    estimate_cell,
    tabulate,
    without_empty,
)
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.comparison.volumes import MM3_PER_ML
from gliobench.domain.evaluation.summary import (
    BothWays,
    DetectionSummary,
    FormSummary,
    GradingSummary,
    Summary,
)
from gliobench.domain.labels.regions import NESTED, REGION_TITLES, Region
from gliobench.domain.metrics import measures
from gliobench.domain.metrics.measures import GRADING, WORST_MM, Measure, leading, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate, Measured
from gliobench.domain.studies.grading_target import CLASS, CLASSES, POSITIVE

GRADED = tuple(measure for measure in GRADING if measure.in_tables)
"""The columns of the table of grades."""
MIXED_SITES = f"Only sites with both {CLASSES}, where the site does not determine the {CLASS}"
ALWAYS_POSITIVE = f"always {POSITIVE}"
"""The row of no skill."""


def _ways(report: Report) -> Mapping[str, Callable[[BothWays], Summary]]:
    """Name the ways of counting; they coincide where nothing failed."""
    everyone, answered = attrgetter("intention_to_treat"), attrgetter("answered_only")
    if not any(arm.summary.n_failed for arm in report.arms):
        return {"All studies": everyone}
    return {
        "Intention-to-treat: a failure counts as the worst answer": everyone,
        "Answered only: failures are excluded": answered,
    }


def _graded_column(measure: Measure) -> Column[GradingSummary]:
    def cell(grading: GradingSummary) -> Cell:
        return estimate_cell(grading.measures.get(measure, UNMEASURED), measure.digits, n=grading.n)

    return Column(measure.heading, measure.meaning, cell)


GRADED_COLUMNS = tuple(map(_graded_column, GRADED))


def grading_table(report: Report) -> Table | None:
    """Tabulate grading, with a row for always answering HGG.

    Returns:
        None where no backend grades a study of known grade.
    """
    groups = {
        title: _graded([(arm, way(arm.summary.everyone)) for arm in report.arms])
        for title, way in _ways(report).items()
    }
    groups[MIXED_SITES] = _graded(
        [
            (arm, both.intention_to_treat)
            for arm in report.arms
            if (both := arm.summary.mixed_sites) is not None
        ]
    )
    return tabulate(GRADED_COLUMNS, groups)


def _graded(rows: Sequence[tuple[Arm, Summary]]) -> list[tuple[str, object, GradingSummary]]:
    """List the backends that grade, then always answering HGG, over the most studies of any row."""
    found = [
        (arm.name, f"{grading.n} / {arm.summary.n_studies}", grading)
        for arm, summary in rows
        if (grading := summary.grading) is not None
    ]
    if not found:
        return []
    _, scored, most = max(found, key=lambda row: row[2].n)
    return [*found, (ALWAYS_POSITIVE, scored, _always_hgg(most))]


def _always_hgg(grading: GradingSummary) -> GradingSummary:
    """Score always answering HGG in the same studies."""
    found: dict[Measure, Measured] = {measures.ACCURACY: grading.always_hgg}
    if value_of(grading.always_hgg):
        found[measures.SENSITIVITY] = Estimate(1.0, UNMEASURED, grading.n)
    if grading.confusion.true_negative + grading.confusion.false_positive:
        found[measures.SPECIFICITY] = Estimate(0.0, UNMEASURED, grading.n)
        found[measures.BALANCED_ACCURACY] = Estimate(0.5, UNMEASURED, grading.n)
    return replace(grading, measures=found)


def localisation_table(report: Report, forms: Sequence[Form]) -> Table | None:
    """Tabulate localisation; None where no backend localises in these forms."""
    groups = {
        title: [
            (arm.name, f"{max(row.n for row in rows)} / {arm.summary.n_studies}", rows)
            for arm in report.arms
            if (
                rows := [row for row in way(arm.summary.everyone).localisation if row.form in forms]
            )
        ]
        for title, way in _ways(report).items()
    }
    return without_empty(tabulate(localisation_columns(forms), groups))


Answers = Sequence[FormSummary]
"""A backend's scores, by form and region."""


def localisation_columns(forms: Sequence[Form]) -> list[Column[Answers]]:
    """List the columns of some forms, one measure after the other, of masks by region."""
    found: list[tuple[Form, Measure, Region | None]] = [
        (form, measure, region)
        for form in forms
        for measure in measures_of(form)
        if measure.in_tables and measure.chosen_by is None
        for region in (measure.regions if form is Form.MASK else (None,))
    ]
    if Form.MASK in forms:
        others = (region for region in Region if region not in NESTED)
        found += [(Form.MASK, leading(Form.MASK), region) for region in others]
    return [column for source in found for column in _columns_of(*source)]


def _columns_of(form: Form, measure: Measure, region: Region | None) -> Iterator[Column[Answers]]:
    """Yield a measure's columns: of a distance median and failures first, then the mean."""
    title, meaning = measure.title, measure.meaning
    if region:
        title += f" {region.value}"
        meaning += f", {REGION_TITLES[region]}" if len(measure.regions) > 1 else ""
    head = f"{title}, {measure.unit}" if measure.unit else title

    def column(
        title: str, meaning: str, cell: Callable[[FormSummary, int], Cell]
    ) -> Column[Answers]:
        def read(rows: Answers) -> Cell:
            found = [row for row in rows if row.form is form and row.region is region]
            return cell(found[0], max(row.n for row in rows)) if found else NOTHING

        return Column(title, meaning, read)

    def mean(row: FormSummary, n: int) -> Cell:
        found, spread = row.measures.get(measure, UNMEASURED), row.spreads.get(measure)
        empty = f"{row.n_empty} empty" if row.n_empty else ""
        worst = f"{spread.n_worst:,} at {WORST_MM}" if spread and spread.n_worst else ""
        return estimate_cell(found, measure.digits, n=n, more=(empty, worst))

    def median(row: FormSummary, _: int) -> Cell:
        if (spread := row.spreads.get(measure)) is None:
            return NOTHING
        low, middle, high = (number(quartile, measure.digits) for quartile in spread.quartiles)
        return Cell(middle, f"{low} to {high}")

    if not measure.is_distance:
        yield column(head, meaning, mean)
        return
    quartiles = "median over studies; below, the interquartile range (IQR)"
    yield column(f"{head}: median", f"{meaning}: {quartiles}", median)
    if region is None:
        yield column(f"{title}: failed", "Studies without an answer, of those scored", _failed)
    worst = f"a failure counts as {WORST_MM} mm; below, the number of failures"
    yield column(f"{head}: mean", f"The same, mean: {worst}", mean)


def _failed(row: FormSummary, _: int) -> Cell:
    share = row.n_failed / row.n if row.n else None
    return Cell(f"{row.n_failed} / {row.n}", percent(share))


def detection_table(report: Report) -> Table | None:
    """Tabulate detection by region: sensitivity, specificity and false-positive volume.

    Failures count as wrong in both. None where every study has a tumour, so that a backend that
    always reports one is right.
    """
    groups: dict[str, list[tuple[str, object, DetectionSummary]]] = {}
    for arm in report.arms:
        for found in arm.summary.everyone.intention_to_treat.detection:
            scored = f"{found.n_with + found.n_without} / {arm.summary.n_studies}"
            title = REGION_TITLES[found.region or Region.WT].capitalize()
            groups.setdefault(title, []).append((arm.name, scored, found))
    seen = [found for rows in groups.values() for _, _, found in rows]
    if not any(found.n_without for found in seen):
        return None
    return without_empty(tabulate(DETECTION, groups))


def _detected(measured: Measured, n: int) -> Cell:
    right = round(measured.value * n) if isinstance(measured, Estimate) else 0
    return Cell(
        number(value_of(measured)), joined(f"{right} of {n}", interval(measured)) if n else ""
    )


def _false_positives(one: DetectionSummary) -> Cell:
    volume, most = value_of(one.false_positive_mm3), one.largest_false_positive_mm3
    if volume is None or most is None:
        return NOTHING
    return Cell(number(volume / MM3_PER_ML, 1), f"at most {number(most / MM3_PER_ML, 1)}")


DETECTION: Sequence[Column[DetectionSummary]] = (
    Column(
        "Tumour reported",
        "Sensitivity: share of the studies with the region in the reference in which it is reported, "
        "wherever it is placed",
        lambda one: _detected(one.sensitivity, one.n_with),
    ),
    Column(
        "Tumour-free correct",
        "Specificity: share of the studies without it",
        lambda one: _detected(one.specificity, one.n_without),
    ),
    Column(
        "False-positive volume, ml",
        "Mean over the studies without it, correct ones included",
        _false_positives,
    ),
)
