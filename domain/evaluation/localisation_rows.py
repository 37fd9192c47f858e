"""How localisation scores become the rows of a summary."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.summary import FormSummary, Spread
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import WORST_MM, Measure, leading, measures_of
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.sampling import Indices, numbered

Row = tuple[Form, Region | None]


def localisation_rows(
    table: CaseTable, *, answered_only: bool, regions: Collection[Region] | None = None
) -> tuple[FormSummary, ...]:
    """Sum up each form that was scored, masks by region, the volume's forms first.

    Args:
        table: One study a row.
        answered_only: Leave failures out; else they score worst.
        regions: Those that the backend's masks answer, though all of these studies may have failed; None
            takes those that some mask of the table answers.
    """
    scores = {
        row: _scores(table, *row, answered_only=answered_only)
        for form in reversed(Form)
        if form in table.forms
        for row in _rows(table, form, regions)
    }
    patients = numbered(table.patients.tolist())
    return tuple(
        FormSummary(
            form,
            region,
            n=_n(values),
            n_failed=_n_failed(table, form),
            measures=measures,
            spreads=_spreads(values),
            n_not_found=int((_there(values) & table.has_plane & table.found_none).sum()),
            n_empty=_n_empty(table, region, values),
        )
        for (form, region), values in scores.items()
        for measures in [
            _measures(values, patients, _worst(table, form, region, answered_only=answered_only))
        ]
    )


def answered_regions(table: CaseTable) -> list[Region]:
    """List the regions that some mask answered; a backend is not failed on the others."""
    answered, dice = ~table.failed(Form.MASK), leading(Form.MASK)
    return [
        region
        for region in Region
        if not np.isnan(table.scores(Form.MASK, dice, region)[answered]).all()
    ]


def _rows(table: CaseTable, form: Form, answered: Collection[Region] | None) -> Iterator[Row]:
    regions: Collection[Region | None] = [None]
    if form is Form.MASK:
        found = answered_regions(table) if answered is None else answered
        regions = found or [table.localised]
    for region in regions:
        if not np.isnan(table.scores(form, leading(form), region)).all():
            yield form, region


def _scores(
    table: CaseTable, form: Form, region: Region | None, *, answered_only: bool
) -> Mapping[Measure, FloatArray]:
    """Return (N,) scores by measure; NaN for what is not counted."""
    found = {
        measure: table.scores(form, measure, region)
        for measure in measures_of(form)
        if table.is_scored(form, measure, region)
    }
    if not answered_only:
        return found
    failed = table.failed(form)
    return {measure: np.where(failed, np.nan, values) for measure, values in found.items()}


def _n(scores: Mapping[Measure, FloatArray]) -> int:
    """Count studies: every measure but a mask's volume is there where any is."""
    return int(_there(scores).sum())


def _worst(
    table: CaseTable, form: Form, region: Region | None, *, answered_only: bool
) -> BoolArray | None:
    """Return the studies with the worst score because of a failure or a missed tumour."""
    missed = table.found_none & table.has_plane
    if region is not None:
        missed &= table.reference_mm3(region) > 0
    worst = missed if answered_only else missed | table.failed(form)
    return worst if worst.any() else None


def _n_empty(table: CaseTable, region: Region | None, scores: Mapping[Measure, FloatArray]) -> int:
    if region is None:
        return 0
    return int((_there(scores) & (table.reference_mm3(region) == 0)).sum())


def _there(scores: Mapping[Measure, FloatArray]) -> BoolArray:
    return np.asarray(~np.isnan(next(iter(scores.values()))))


def _n_failed(table: CaseTable, form: Form) -> int:
    region = table.localised if form is Form.MASK else None
    scored = ~np.isnan(table.scores(form, leading(form), region))
    return int((table.failed(form) & scored).sum())


def _measures(
    scores: Mapping[Measure, FloatArray], patients: Indices, failed: BoolArray | None
) -> dict[Measure, Measured]:
    if not _n(scores):
        return {}
    return {
        measure: _share(values)
        if measure.is_share
        else estimate_mean(
            values,
            patients,
            failed=None if measure.worst is None else failed,
            bounds=measure.bounds,
        )
        for measure, values in scores.items()
    }


def _spreads(scores: Mapping[Measure, FloatArray]) -> dict[Measure, Spread]:
    found = {}
    for measure, values in scores.items():
        known = values[~np.isnan(values)]
        if measure.is_distance and known.size:
            worst_mm = WORST_MM if measure.worst is None else measure.worst
            low, middle, high = np.quantile(known, (0.25, 0.5, 0.75)).tolist()
            found[measure] = Spread((low, middle, high), int((known >= worst_mm).sum()))
    return found


def _share(values: Sequence[float] | FloatArray) -> Measured:
    known = np.asarray(values)[~np.isnan(values)]
    return wilson(successes=int(known.sum()), n=len(known))
