"""An evaluation in three tables, for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap

from rich.console import Group, RenderableType
from rich.table import Table

from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import (
    BothWays,
    DetectionSummary,
    FormSummary,
    GradingSummary,
    Summary,
)
from gliobench.domain.labels.regions import LOCALISED
from gliobench.domain.metrics.measures import GRADING, WORST_MM, Measure, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate, Measured, NotEstimable
from gliobench.domain.studies.grading_target import POSITIVE
from gliobench.entrypoints.terminal import plain

GRADED = {item.terminal: item for item in GRADING if item.terminal}
LOCALISED_BY = [
    (form, item)
    for form in (Form.POINT_3D, Form.BOX_3D, Form.MASK)
    for item in measures_of(form)
    if item.terminal
]
"""Distances have two columns: their median, and their mean."""
PLACE_NOTE = (
    "[dim]Localisation in the volume. Below a median: interquartile range; below other numbers: 95 % "
    "CI. In means a failure or a missed tumour counts as "
    f"{WORST_MM} mm, gliobench's own penalty.[/]"
)
WHY_NOT = "'gliobench dataset verify' lists why"
NOTHING_NOTE = (
    f"No results: no study has a reference grade or a readable reference mask; {WHY_NOT}."
)
TUMOUR_FREE_NOTE = (
    "[dim]Dice of a tumour-free study is 1 if no tumour is predicted, otherwise 0; its localisation is not "
    "scored.[/]"
)

DETECTION = ("tumours", "found", "tumour-free", "correct", "false positive ml")
"""Sensitivity and specificity of detection, and the false-positive volume."""
LONGEST_CLASS = 16
"""Characters of a line that names a class: so a long name of one leaves room for the numbers."""


def summary_table(report: Report) -> RenderableType:
    """Tabulate the main numbers; the report has all of them.

    All studies are counted, failures as the worst answer; with failures, another line shows the answered
    studies only.
    """
    grading, localisation = _table("grade", GRADED), _table("place", _localisation_titles())
    detection = _table("detect", DETECTION)
    for backend in report.arms:
        for label, summary in _ways(backend, backend.summary.everyone):
            if summary.grading is not None:
                grading.add_row(label, *_grading_cells(summary.grading))
            if summary.localisation:
                localisation.add_row(label, *_localisation_cells(summary))
        for item in backend.summary.everyone.intention_to_treat.detection[:1]:
            detection.add_row(backend.name, *_detection_cells(item))
        if backend.summary.mixed_sites is not None:
            mixed = backend.summary.mixed_sites.intention_to_treat.grading
            if mixed is not None:
                grading.add_row("  mixed sites", *_grading_cells(mixed))
    prevalence = _prevalence(report)
    if prevalence is not None:
        always = wrap(report.target.in_words(f"always {POSITIVE}"), LONGEST_CLASS)
        label = "\n".join(map(plain, always))
        grading.add_row(f"[dim]{label}[/]", str(prevalence.n), "", measured_cell(prevalence))
    tables = [table for table in (grading, localisation, detection) if table.row_count]
    notes = [] if tables else [NOTHING_NOTE]
    notes += list(_ungraded(report))
    notes += [PLACE_NOTE] if localisation.row_count else []
    notes += [TUMOUR_FREE_NOTE] if report.cohort.n_without_tumour else []
    return Group(*tables, *notes)


def _ungraded(report: Report) -> Iterator[str]:
    """Count the studies that no measure of grades holds, where others have a grade."""
    n = report.cohort.grades.get(None, 0)
    if 0 < n < report.cohort.n_studies:
        yield f"[dim]{n} of {report.cohort.n_studies} studies have no reference grade: {WHY_NOT}.[/]"


def measured_cell(measured: Measured, digits: int = 2) -> str:
    """Print a number, its interval below; a dash where it is not estimable."""
    if isinstance(measured, NotEstimable):
        return "–"
    text, spread = f"{measured.value:.{digits}f}", measured.interval
    if isinstance(spread, NotEstimable):
        return text
    return f"{text}\n[dim]{spread.low:.{digits}f}–{spread.high:.{digits}f}[/]"


def _table(title: str, columns: Iterable[str]) -> Table:
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    table.add_column(title, no_wrap=True)
    for name in ("n", "failed", *columns):
        table.add_column(name, justify="right")
    return table


def _ways(backend: Arm, both: BothWays) -> Iterator[tuple[str, Summary]]:
    yield plain(backend.name), both.intention_to_treat
    if backend.summary.n_failed:
        yield "  answered only", both.answered_only


def _grading_cells(grading: GradingSummary) -> list[str]:
    cells = [_measure(grading.measures, measure) for measure in GRADED.values()]
    return [str(grading.n), str(grading.n_failed), *cells]


def _localisation_titles() -> Iterator[str]:
    for _, measure in LOCALISED_BY:
        ends = ("\nmedian", "\nmean") if measure.is_distance else ("",)
        yield from (f"{measure.terminal}{end}" for end in ends)


def _localisation_cells(summary: Summary) -> list[str]:
    rows = {row.form: row for row in summary.localisation if row.region in (None, *LOCALISED)}
    first = next(iter(rows.values()))
    cells = [
        cell
        for form, measure in LOCALISED_BY
        for cell in (_distance_cells if measure.is_distance else _cells)(rows.get(form), measure)
    ]
    return [str(first.n), str(first.n_failed), *cells]


def _cells(row: FormSummary | None, measure: Measure) -> tuple[str]:
    return (_measure(row.measures, measure) if row else "",)


def _distance_cells(row: FormSummary | None, measure: Measure) -> tuple[str, str]:
    """Print the median of a distance, and its mean with the number of penalties."""
    spread = row.spreads.get(measure) if row else None
    if row is None or spread is None:
        return "", ""
    low, middle, high = (f"{quartile:.{measure.digits}f}" for quartile in spread.quartiles)
    worst = f"\n[yellow]{spread.n_worst} at {WORST_MM}[/]" if spread.n_worst else ""
    return f"{middle}\n[dim]{low}–{high}[/]", f"{_measure(row.measures, measure)}{worst}"


def _measure(found: Mapping[Measure, Measured], measure: Measure) -> str:
    return measured_cell(found.get(measure, UNMEASURED), measure.digits)


def _detection_cells(one: DetectionSummary) -> list[str]:
    """Return counts and shares of the whole tumour, and what is predicted where there is none."""
    most, mean = one.largest_false_positive_mm3, one.false_positive_mm3
    volume = (
        f"{mean.value / 1000:.1f}\n[dim]≤ {most / 1000:.1f}[/]"
        if (isinstance(mean, Estimate) and most is not None)
        else "–"
    )
    return [
        str(one.n_with + one.n_without),
        str(one.n_failed),
        f"{one.n_with}",
        measured_cell(one.sensitivity),
        f"{one.n_without}",
        measured_cell(one.specificity),
        volume,
    ]


def _prevalence(report: Report) -> Estimate | None:
    gradings = (arm.grading for arm in report.arms)
    shares = (grading.always_hgg for grading in gradings if grading is not None)
    return next((share for share in shares if isinstance(share, Estimate)), None)
