"""The studies compared: flow, exclusions, sites, grades and audits."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Listed, Numbers, Title
from gliobench.adapters.html.figures.flow import flow_figure
from gliobench.adapters.html.numbers import MISSING, count, interval, number, value_of
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table, grade_counts, site_rows
from gliobench.domain.comparison.cohort import CohortDescription
from gliobench.domain.comparison.flow import ArmFlow, CohortFlow
from gliobench.domain.comparison.report import Report
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.statistics.estimate import Measured

NAMED = 12
"""Up to this many excluded studies are listed; more are only counted."""


def cohort(report: Report) -> Iterator[Block]:
    """Yield the blocks."""
    described = report.cohort
    yield Title("Cohort")
    yield Gallery([flow_figure(report.flow)], "beside")
    yield Listed([reference_counts(described), *_excluded(report.flow)])
    answers = Table(ANSWERS, (Group("", tuple(map(_answers, report.flow.arms))),))
    yield Closed(
        "Answers given",
        [
            Numbers(
                answers,
                "Answers given / expected: grades where the reference has one, localisation in every "
                "form where it shows a tumour.",
            )
        ],
    )
    caption = (
        f"{count(described.n_studies, 'study')} of {count(described.n_patients, 'patient')} by site "
        "and reference grade. Answering the more common grade of each site, without an image, has "
        f"an accuracy of {_with_interval(report.sites.accuracy)} and a balanced accuracy of "
        f"{_with_interval(report.sites.balanced_accuracy)}."
    )
    yield Closed("Sites", [Numbers(_sites(report), caption, head="Site")])
    yield Closed(
        "Audit",
        [
            Listed(
                [finding.sentence for finding in report.findings]
                or [
                    "Same cohort, same references, no training on these patients, no slice selected "
                    "with the reference."
                ]
            )
        ],
    )


ANSWERS = (
    Column("Grades", "Given / expected"),
    Column("Localisation", "Given in every form / expected"),
)


def _sites(report: Report) -> Table:
    columns = tuple(
        Column(name, "Studies of this reference grade") for name in ("HGG", "LGG", "Unknown")
    )
    rows = [*site_rows(report), ("All", grade_counts(report.cohort.grades))]
    cells = tuple(
        Row(site, str(sum(counts)), tuple(Cell(f"{n:,}") for n in counts)) for site, counts in rows
    )
    return Table(columns, (Group("", cells),))


def _answers(arm: ArmFlow) -> Row:
    grades = f"{arm.n_graded:,} / {arm.n_asked_grade:,}" if arm.n_asked_grade else MISSING
    places = f"{arm.n_placed:,} / {arm.n_asked_place:,}" if arm.n_asked_place else MISSING
    return Row(arm.name, f"{arm.n_scored:,}", (Cell(grades), Cell(places)))


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
