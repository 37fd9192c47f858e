"""Lesion-wise scores of the BraTS challenges, the rules side by side."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Numbers, Part, Prose
from gliobench.adapters.html.tables import (
    Cell,
    Column,
    Table,
    estimate_cell,
    tabulate,
    without_empty,
)
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.labels.regions import REGION_TITLES, Region
from gliobench.domain.metrics.measures import Measure, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED

TITLE = "Lesion-wise scores of the BraTS challenges"
DIFFERENCE = (
    "One lesion found with a Dice of 0.93, one missed and one invented make a lesion-wise Dice of 0.31 "
    "by the rule of 2023, where misses and false alarms count as 0, and of 0.93 by that of 2026, where "
    "the matched pairs alone are averaged and the others count in F1 (of metastases in the mean, too)."
)
CAPTION = (
    "Means over studies with 95 % CI, by the official programs' definitions; a failure counts as 0, or as "
    "374 mm (2023) and 373 mm (2026). No HD95 here is that of the table above."
)
NOT_SCORED = (
    "{} no lesion-wise scores of the BraTS challenges: the same evaluation with --measures "
    "brats2023,brats2026 computes them from the saved masks, without inference."
)


def lesionwise(report: Report) -> list[Block]:
    """Return the part, and a sentence where backends with masks were not scored so."""
    table = _table(report)
    silent = [
        arm.name for arm in report.arms if (rows := _masks(arm)) and not any(map(_has_scores, rows))
    ]
    whose = "The scores have" if table is None else f"{', '.join(silent)}:"
    missing = [Prose([NOT_SCORED.format(whose)])] if silent else []
    if table is None:
        return [*missing]
    return [Part(TITLE, [Prose([DIFFERENCE]), Numbers(table, CAPTION), *missing])]


def _table(report: Report) -> Table | None:
    groups = {
        REGION_TITLES[region].capitalize(): [
            (arm.name, f"{row.n} / {arm.summary.n_studies}", row)
            for arm in report.arms
            for row in _masks(arm)
            if row.region is region and _has_scores(row)
        ]
        for region in Region
    }
    return without_empty(tabulate([_column(measure) for measure in _side_by_side()], groups))


def _side_by_side() -> Iterator[Measure]:
    """List the main measures, those of the same name one after the other."""
    main = [item for item in measures_of(Form.MASK) if item.chosen_by and item.in_tables]
    names = {
        item: item.key.removeprefix(f"{item.chosen_by.value}_") for item in main if item.chosen_by
    }
    for name in dict.fromkeys(names.values()):
        yield from (item for item in main if names[item] == name)


def _column(measure: Measure) -> Column[FormSummary]:
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
