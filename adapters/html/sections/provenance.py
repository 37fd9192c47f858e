"""Provenance: the studies compared, and what a report was computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.blocks import (
    Block,
    Closed,
    Facts,
    Gallery,
    Listed,
    Numbers,
    Part,
    Prose,
)
from gliobench.adapters.html.claims import training_claims
from gliobench.adapters.html.figures.drawing import Figure, Label, Line, Mark, Panel
from gliobench.adapters.html.numbers import MISSING, count
from gliobench.adapters.html.tables import Cell, Column, Table, tabulate
from gliobench.adapters.html.words import endpoint_name, with_interval
from gliobench.domain.comparison.cohort import ArmFlow, CohortDescription, CohortFlow
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.studies.grading_target import CLASS, CLASSES, CLASSES_TITLE, class_name
from gliobench.domain.studies.study import Grade

NAMED = 12
"""Up to this many excluded studies are listed; more are only counted."""
ALL_CLEAR = (
    "Same cohort, same references, no training on these patients, no slice selected with the "
    "reference."
)
Counts = Mapping[Grade | None, int]
ANSWERS: Sequence[Column[ArmFlow]] = (
    Column(CLASSES_TITLE, "Given / expected", lambda arm: _given(arm.n_graded, arm.n_asked_grade)),
    Column(
        "Localisation",
        "Given in every form / expected",
        lambda arm: _given(arm.n_placed, arm.n_asked_place),
    ),
)


def provenance(report: Report) -> list[Block]:
    """Return the section."""
    shared = {
        "Cohort": report.cohort.fingerprint,
        "Primary endpoint": f"{endpoint_name(report.primary)} ({report.primary_choice.value})",
        **({"Target": report.target.source} if report.target.source else {}),
        "Seed": report.seed,
        "Bootstrap cohorts": f"{report.replicates:,} for differences of grading and for position "
        f"bias, {RESAMPLES:,} for each backend's own measures of grading",
        **({"Metadata table, SHA-256": report.metadata.sha256} if report.metadata else {}),
        **dict(sorted(report.versions.items())),
    }
    return [
        Prose(list(training_claims(report)), "claims"),
        _cohort(report),
        Closed("Settings and versions", [Facts(shared, coded=True)]),
        Closed("Backends", list(map(_origin, report.arms))),
    ]


def _origin(arm: Arm) -> Block:
    origin = {"Backend": arm.backend, "Fingerprint": arm.fingerprint}
    return Part(arm.name, [Facts(origin | dict(sorted(arm.provenance.items())), coded=True)])


def _cohort(report: Report) -> Block:
    """Return the cohort."""
    described, sites = report.cohort, report.sites
    answers = tabulate(
        ANSWERS, {"": [(arm.name, f"{arm.n_scored:,}", arm) for arm in report.flow.arms]}
    )
    given = (
        f"Answers given / expected: {CLASSES} where the reference has one, localisation in every "
        "form where it shows a tumour."
    )
    by_site = (
        f"{count(described.n_studies, 'study')} of {count(described.n_patients, 'patient')} by site "
        f"and reference {CLASS}. Answering the more common {CLASS} of each site, without an image, has "
        f"an accuracy of {with_interval(sites.accuracy)} and a balanced accuracy of "
        f"{with_interval(sites.balanced_accuracy)}."
    )
    audit = [finding.sentence for finding in report.findings] or [ALL_CLEAR]
    return Part(
        "Cohort",
        [
            Gallery([flow_figure(report.flow)], "beside"),
            Listed([_references(described), *_excluded(report.flow)]),
            Closed("Answers given", [Numbers(answers, given)]),
            Closed("Sites", [Numbers(site_table(described), by_site, head="Site")]),
            Closed("Audit", [Listed(audit)]),
        ],
    )


def site_table(described: CohortDescription) -> Table | None:
    """Count studies by site and grade, unknown sites after the others, and all studies last."""
    by_site = sorted(described.sites.items(), key=lambda one: (one[0] is None, one[0] or ""))
    rows = [*((site or "unknown", counts) for site, counts in by_site), ("All", described.grades)]
    columns = list(map(_grade_column, (Grade.HGG, Grade.LGG, None)))
    return tabulate(columns, {"": [(name, sum(counts.values()), counts) for name, counts in rows]})


def _grade_column(grade: Grade | None) -> Column[Counts]:
    def cell(counts: Counts) -> Cell:
        return Cell(f"{counts.get(grade, 0):,}")

    name = class_name(grade) if grade else "Unknown"
    return Column(name, f"Studies of this reference {CLASS}", cell)


def _given(n: int, n_asked: int) -> Cell:
    return Cell(f"{n:,} / {n_asked:,}" if n_asked else MISSING)


def _excluded(flow: CohortFlow) -> Iterator[str]:
    missing = flow.n_given - flow.n_shared
    if missing:
        named = flow.not_shared if len(flow.not_shared) <= NAMED else ()
        ids = f": {', '.join(named)}" if named else ""
        yield f"{count(missing, 'study')} not scored by every backend, excluded from all numbers{ids}."
    unannotated = flow.n_shared - flow.n_with_tumour - flow.n_without_tumour
    for n, what in (
        (flow.n_shared - flow.n_with_grade, f"without a reference {CLASS}, not scored for grading"),
        (flow.n_without_tumour, "without a tumour, scored by detection and masks only"),
        (unannotated, "without annotation of a tumour, not scored for localisation"),
        (flow.n_unreadable, "unreadable by a backend, counted as failures of that backend"),
    ):
        if n:
            yield f"{count(n, 'study')} {what}."


def _references(described: CohortDescription) -> str:
    """Count the references with a tumour, without one, without a mask, and unreadable ones."""
    unreadable = len(described.reference_faults)
    return (
        f"References: {described.n_with_tumour:,} with a tumour, {described.n_without_tumour:,} "
        f"tumour-free, {described.n_unannotated:,} unannotated"
        + (f"; {unreadable:,} partly unreadable." if unreadable else ".")
        + (f" {_label_words(described.labels)}" if described.labels else "")
    )


def _label_words(labels: DatasetLabels) -> str:
    """Describe the label convention of the reference masks and why it was chosen."""
    tissues = sorted(labels.convention.tissues.items())
    return (
        f"Labels of the masks: {labels.convention.name}, {labels.convention.title} "
        f"({', '.join(f'{integer} {tissue}' for integer, tissue in tissues)}); {labels.ground}."
    )


def flow_figure(flow: CohortFlow) -> Figure:
    """Draw the flow of studies from those given to those scored."""
    numbers = {
        "given": flow.n_given,
        "scored by all": flow.n_shared,
        f"with reference {CLASS}": flow.n_with_grade,
        "with reference tumour": flow.n_with_tumour,
        "unreadable": flow.n_unreadable,
    }
    return Figure(
        name="cohort-flow",
        title="Cohort flow",
        says="All numbers on this page refer to the studies scored by every backend.",
        alt=f"{count(flow.n_given, 'study')} given; {flow.n_shared:,} scored by every backend; of these, "
        f"{flow.n_with_grade:,} with a reference grade and {flow.n_with_tumour:,} with a reference "
        "tumour.",
        size=(280, 186),
        marks=tuple(_flow(flow)),
        numbers=(tuple(numbers), tuple(numbers.values())),
    )


def _flow(flow: CohortFlow) -> Iterator[Mark]:
    yield from _box((65, 4), flow.n_given, "given")
    yield from _box((65, 74), flow.n_shared, "scored by all")
    yield from _box((0, 144), flow.n_with_grade, f"reference {CLASS}")
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
    yield Panel(at, (122, 38), "field")
    yield Label((at[0] + 61, at[1] + 17), f"{n:,}", "middle", ink="name")
    yield Label((at[0] + 61, at[1] + 30), what, "middle")
