"""The studies compared: flow, exclusions, sites, grades and audits."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.figures.drawing import Figure, Label, Line, Mark, Panel
from gliobench.adapters.html.numbers import MISSING, count, interval, number, value_of
from gliobench.adapters.html.tables import grade_counts, site_rows
from gliobench.domain.comparison.cohort import CohortDescription
from gliobench.domain.comparison.flow import ArmFlow, CohortFlow
from gliobench.domain.comparison.report import Report
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.statistics.estimate import Measured

BOX = (122.0, 38.0)
NAMED = 12
"""Up to this many excluded studies are listed; more are only counted."""


def cohort(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "cohort": report.cohort,
        "flow": flow_figure(report.flow),
        "arms": [_answers(arm) for arm in report.flow.arms],
        "annotations": reference_counts(report.cohort),
        "excluded": list(_excluded(report.flow)),
        "findings": report.findings,
        "site_rows": site_rows(report),
        "grade_counts": grade_counts(report.cohort.grades),
        "site_accuracy": _with_interval(report.sites.accuracy),
        "site_balanced": _with_interval(report.sites.balanced_accuracy),
    }


def flow_figure(flow: CohortFlow) -> Figure:
    """Draw the flow of studies from those given to those scored."""
    numbers = (
        f"{count(flow.n_given, 'study')} given; {flow.n_shared:,} scored by every backend; of these, "
        f"{flow.n_with_grade:,} with a reference grade and {flow.n_with_tumour:,} with a reference "
        "tumour"
    )
    return Figure(
        name="cohort-flow",
        title="Cohort flow",
        says="All numbers on this page refer to the studies scored by every backend.",
        alt=f"{numbers}.",
        size=(280, 186),
        marks=tuple(_flow(flow)),
    )


def _flow(flow: CohortFlow) -> Iterator[Mark]:
    yield from _box((65, 4), flow.n_given, "given")
    yield from _box((65, 74), flow.n_shared, "scored by all")
    yield from _box((0, 144), flow.n_with_grade, "reference grade")
    yield from _box((130, 144), flow.n_with_tumour, "reference tumour")
    yield Line([(126, 42), (126, 74)], "arrow")
    yield Line([(126, 112), (126, 128), (61, 128), (61, 144)], "arrow")
    yield Line([(126, 128), (191, 128), (191, 144)], "arrow")
    yield Line([(126, 58), (192, 58)], "arrow")
    yield Label((196, 55), f"{flow.n_given - flow.n_shared:,} not scored", ink="name")
    yield Label((196, 67), "by all backends")
    yield Label((196, 90), f"{flow.n_unreadable:,} unreadable", ink="name")
    yield Label((196, 102), "count as failures")


def _box(at: tuple[float, float], n: int, what: str) -> Iterator[Mark]:
    (left, top), (width, height) = at, BOX
    yield Panel(at, BOX, "field")
    yield Label((left + width / 2, top + height / 2 - 2), f"{n:,}", "middle", ink="name")
    yield Label((left + width / 2, top + height / 2 + 11), what, "middle")


def _answers(arm: ArmFlow) -> tuple[str, str, str, str]:
    """Return a backend's name, scored studies, answered grades and answered localisations."""
    grades = f"{arm.n_graded:,} / {arm.n_asked_grade:,}" if arm.n_asked_grade else MISSING
    places = f"{arm.n_placed:,} / {arm.n_asked_place:,}" if arm.n_asked_place else MISSING
    return arm.name, f"{arm.n_scored:,}", grades, places


def _excluded(flow: CohortFlow) -> Iterator[str]:
    missing = flow.n_given - flow.n_shared
    if missing:
        named = flow.not_shared if len(flow.not_shared) <= NAMED else ()
        ids = f": {', '.join(named)}" if named else ""
        yield f"{count(missing, 'study')} not scored by every backend, excluded from all numbers{ids}."
    for n, what, then in (
        (flow.n_shared - flow.n_with_grade, "without a reference grade", "not scored for grading"),
        (flow.n_without_tumour, "without a tumour", "scored by detection and masks only"),
        (
            flow.n_shared - flow.n_with_tumour - flow.n_without_tumour,
            "without annotation of a tumour",
            "not scored for localisation",
        ),
        (flow.n_unreadable, "unreadable by a backend", "counted as failures of that backend"),
    ):
        if n:
            yield f"{count(n, 'study')} {what}, {then}."


def _with_interval(measured: Measured) -> str:
    ends = interval(measured)
    return number(value_of(measured)) + (f" (95 % CI {ends})" if ends else "")


def reference_counts(cohort: CohortDescription) -> str:
    """Count the references with a tumour, without one, without a mask, and unreadable ones."""
    counted = (
        f"References: {cohort.n_with_tumour:,} with a tumour, {cohort.n_without_tumour:,} "
        f"tumour-free, {cohort.n_unannotated:,} unannotated"
    )
    unreadable = len(cohort.reference_faults)
    counted += f"; {unreadable:,} partly unreadable." if unreadable else "."
    return f"{counted} {_label_words(cohort.labels)}" if cohort.labels else counted


def _label_words(labels: DatasetLabels) -> str:
    """Describe the label convention of the reference masks and why it was chosen."""
    tissues = sorted(labels.convention.tissues.items())
    return (
        f"Labels of the masks: {labels.convention.name}, {labels.convention.title} "
        f"({', '.join(f'{integer} {tissue}' for integer, tissue in tissues)}); {labels.ground}."
    )
