"""Localisation and segmentation: distributions, tables, detection, and tests."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.claims import localisation_claims, segmentation_claims
from gliobench.adapters.html.figures.backends import spread_figures
from gliobench.adapters.html.figures.localisation import volume_figures
from gliobench.adapters.html.score_tables import detection_table, localisation_table
from gliobench.adapters.html.sections.pairs import forests, paired_places, pairwise
from gliobench.adapters.html.tables import (
    Cell,
    Column,
    Table,
    estimate_cell,
    first_group,
    other_groups,
    tabulate,
    without_empty,
)
from gliobench.domain.comparison.arms import ON_PLANE
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.labels.regions import REGION_TITLES, Region
from gliobench.domain.metrics.measures import Measure, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED

NOT_MASKS = tuple(form for form in Form if form is not Form.MASK)
TABLES = {
    "On the axial plane of the largest reference area, comparable across all kinds of models.": ON_PLANE,
    "In the volume.": (Form.POINT_3D, Form.BOX_3D),
}
SLICES = "On the single slice of each study."
DETECTION = (
    "Whether a tumour is reported, wherever it is placed, in studies with and without one; a failure "
    "counts as wrong in both. A region absent from reference and answer scores Dice 1 and HD95 0; one present in only "
    "one of them scores Dice 0 and the worst distance (rule of the BraTS 2023 program). Points, "
    "boxes and polygons are scored only where there is a tumour."
)
SLICE_MASKS = "Masks on the single slice of each study: overlap and distances in two dimensions."
MASKS = (
    "Masks in the volume. WT: whole tumour; TC: tumour core; ET: enhancing tumour. Failures count as "
    "the worst answer."
)


def localisation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend localised a tumour of known position."""
    shown = TABLES if report.cohort.has_volumes else {SLICES: ON_PLANE}
    tables = [
        (caption, table)
        for caption, forms in shown.items()
        if (table := localisation_table(report, forms))
    ]
    detection = detection_table(report)
    if not (tables or detection):
        return []
    return [
        Prose(list(localisation_claims(report)), "claims"),
        Gallery(spread_figures(report, NOT_MASKS), "one"),
        *forests(report, NOT_MASKS),
        *(Numbers(first_group(table), caption) for caption, table in tables),
        Closed(
            "Answered only", [Numbers(other_groups(table), caption) for caption, table in tables]
        ),
        Part("Detection", [Numbers(detection, DETECTION)]),
        pairwise(paired_places(report, [form for forms in shown.values() for form in forms])),
    ]


def segmentation(report: Report) -> list[Block]:
    """Return the section; nothing where no backend gave a mask."""
    table = localisation_table(report, [Form.MASK])
    if table is None:
        return []
    in_volumes = report.cohort.has_volumes
    caption = MASKS if in_volumes else SLICE_MASKS
    return [
        Prose(list(segmentation_claims(report)), "claims"),
        Numbers(first_group(table), caption),
        Gallery(spread_figures(report, [Form.MASK]), "one"),
        Part(
            "Volume of the whole tumour",
            [Gallery(volume_figures(report) if in_volumes else (), "three")],
            "Bland–Altman plots of the ratio of volumes.",
        ),
        *(lesionwise(report) if in_volumes else ()),
        *forests(report, [Form.MASK]),
        Closed("Answered only", [Numbers(other_groups(table), caption)]),
        pairwise(paired_places(report, [Form.MASK])),
    ]


LESIONWISE = "Lesion-wise scores of the BraTS challenges"
DIFFERENCE = (
    "One lesion found with a Dice of 0.93, one missed and one invented make a lesion-wise Dice of 0.31 "
    "by the rule of 2023, where misses and false alarms count as 0, and of 0.93 by that of 2026, where "
    "the matched pairs alone are averaged and the others count in F1 (of metastases in the mean, too)."
)
LESIONWISE_NOTE = (
    "Means over studies with 95 % CI, by the official programs' definitions; a failure counts as 0, or as "
    "374 mm (2023) and 373 mm (2026). No HD95 here is that of the table above."
)
NOT_SCORED = (
    "{} no lesion-wise scores of the BraTS challenges: the same evaluation with --measures "
    "brats2023,brats2026 computes them from the saved masks, without inference."
)


def lesionwise(report: Report) -> list[Block]:
    """Return the part, and a sentence where backends with masks were not scored so."""
    table = _lesionwise_table(report)
    silent = [
        arm.name for arm in report.arms if (rows := _masks(arm)) and not any(map(_has_scores, rows))
    ]
    whose = "The scores have" if table is None else f"{', '.join(silent)}:"
    missing = [Prose([NOT_SCORED.format(whose)])] if silent else []
    if table is None:
        return [*missing]
    return [Part(LESIONWISE, [Prose([DIFFERENCE]), Numbers(table, LESIONWISE_NOTE), *missing])]


def _lesionwise_table(report: Report) -> Table | None:
    groups = {
        REGION_TITLES[region].capitalize(): [
            (arm.name, f"{row.n} / {arm.summary.n_studies}", row)
            for arm in report.arms
            for row in _masks(arm)
            if row.region is region and _has_scores(row)
        ]
        for region in Region
    }
    return without_empty(
        tabulate([_lesionwise_column(measure) for measure in _side_by_side()], groups)
    )


def _side_by_side() -> Iterator[Measure]:
    """List the main measures, those of the same name one after the other."""
    main = [item for item in measures_of(Form.MASK) if item.chosen_by and item.in_tables]
    names = {
        item: item.key.removeprefix(f"{item.chosen_by.value}_") for item in main if item.chosen_by
    }
    for name in dict.fromkeys(names.values()):
        yield from (item for item in main if names[item] == name)


def _lesionwise_column(measure: Measure) -> Column[FormSummary]:
    def cell(row: FormSummary) -> Cell:
        found, spread = row.measures.get(measure, UNMEASURED), row.spreads.get(measure)
        worst = f"{spread.n_worst:,} at {measure.worst:g}" if spread and spread.n_worst else ""
        return estimate_cell(found, measure.digits, n=row.n, more=(worst,))

    return Column(
        measure.heading.replace(" (BraTS 2023)", " 2023").replace(" (BraTS 2026)", " 2026"),
        measure.meaning,
        cell,
    )


def _masks(arm: Arm) -> list[FormSummary]:
    rows = arm.summary.everyone.intention_to_treat.localisation
    return [row for row in rows if row.form is Form.MASK]


def _has_scores(row: FormSummary) -> bool:
    return any(measure.chosen_by for measure in row.measures)
