"""How the scores of a run become its summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.grading_measures import grading_measures
from gliobench.domain.evaluation.localisation_rows import answered_regions, localisation_rows
from gliobench.domain.evaluation.summary import (
    BothWays,
    DetectionSummary,
    GradingSummary,
    RunSummary,
    Summary,
)
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.metrics.measures import VOLUME_ERROR_MM3
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.statistics.sampling import numbered


def summarise(cases: Cases, *, seed: int = 0) -> RunSummary:
    """Sum up one backend's scores over one cohort.

    Args:
        cases: One a study.
        seed: Seed of the bootstrap intervals.
    """
    table = CaseTable.of(cases)
    inside = np.isin(table.sites, list(mixed_sites(table)))
    regions = answered_regions(table)
    everyone = _both_ways(table, regions, seed=seed)
    return RunSummary(
        n_studies=len(table),
        n_failed=table.n_failed,
        failures=_failures(table),
        everyone=everyone,
        mixed_sites=_of_mixed(table, inside, everyone, regions, seed=seed)
        if inside.any()
        else None,
    )


def mixed_sites(cases: Cases) -> frozenset[str]:
    """Name the sites that sent studies of both grades."""
    table = CaseTable.of(cases)
    hgg, lgg = (
        set(table.sites[table.has_grade & (table.hgg == grade)].tolist()) for grade in (True, False)
    )
    return frozenset((hgg & lgg) - {None})


def _failures(table: CaseTable) -> dict[FailureReason, int]:
    counts = {reason: int(table.failed_for(reason).sum()) for reason in sorted(FailureReason)}
    return {reason: count for reason, count in counts.items() if count}


def _of_mixed(
    table: CaseTable, inside: BoolArray, everyone: BothWays, regions: Sequence[Region], *, seed: int
) -> BothWays:
    return everyone if inside.all() else _both_ways(table.take(inside), regions, seed=seed)


def _both_ways(table: CaseTable, regions: Sequence[Region], *, seed: int) -> BothWays:
    counted = _summary(table, regions, answered_only=False, seed=seed)
    # without failures the two are the same, to the last draw
    answered = (
        _summary(table, regions, answered_only=True, seed=seed) if table.n_failed else counted
    )
    return BothWays(intention_to_treat=counted, answered_only=answered)


def _summary(
    table: CaseTable, regions: Sequence[Region], *, answered_only: bool, seed: int
) -> Summary:
    return Summary(
        grading=_grading(table, answered_only=answered_only, seed=seed),
        localisation=localisation_rows(table, answered_only=answered_only, regions=regions),
        detection=detection_rows(table, answered_only=answered_only),
    )


def _grading(table: CaseTable, *, answered_only: bool, seed: int) -> GradingSummary | None:
    asked = table.has_grade & table.asked_grade
    if not asked.any():
        return None
    failed = int(table.failed_grade[asked].sum())
    if answered_only:
        asked &= ~table.failed_grade
    hgg, called = table.hgg[asked], table.called_hgg[asked]
    patients = table.patients[asked].tolist()
    return GradingSummary(
        n=len(hgg),
        n_failed=failed,
        confusion=_confusion(hgg, called),
        measures=grading_measures(
            hgg, called, table.probability_hgg[asked], patients=patients, seed=seed
        ),
        always_hgg=wilson(successes=int(hgg.sum()), n=len(hgg)),
    )


def _confusion(hgg: BoolArray, called: BoolArray) -> ConfusionMatrix:
    return ConfusionMatrix(
        true_positive=int((hgg & called).sum()),
        false_negative=int((hgg & ~called).sum()),
        false_positive=int((~hgg & called).sum()),
        true_negative=int((~hgg & ~called).sum()),
    )


def detection_rows(table: CaseTable, *, answered_only: bool) -> tuple[DetectionSummary, ...]:
    """Summarise detection: one row per mask region, or one row where no masks were asked for.

    Studies are excluded if they are not annotated, if an older run did not record the answer, or if the
    backend was shown a slice selected with the reference.

    Args:
        table: One study a row.
        answered_only: Exclude failures; otherwise they count as wrong in both measures.
    """
    rows = list(_of_masks(table, answered_only=answered_only))
    return tuple(rows or _of_studies(table, answered_only=answered_only))


def _of_masks(table: CaseTable, *, answered_only: bool) -> Iterator[DetectionSummary]:
    failed = table.failed(Form.MASK)
    for region in Region:
        reference = table.reference_mm3(region)
        predicted = reference + table.scores(Form.MASK, VOLUME_ERROR_MM3, region)
        counted = ~np.isnan(reference) & ~table.oracle
        if not (counted & ~failed).any():
            continue
        yield _row(
            table,
            region,
            counted=counted & ~failed if answered_only else counted,
            there=reference > 0,
            found=predicted > 0,
            spared=predicted == 0,
            failed=failed & counted,
            extra_mm3=np.where(counted & (reference == 0), predicted, np.nan),
        )


def _of_studies(table: CaseTable, *, answered_only: bool) -> Iterator[DetectionSummary]:
    asked = np.logical_or.reduce([table.asked(form) for form in table.forms] or [table.oracle])
    known = (table.has_plane | table.tumour_free) & asked.astype(np.bool_) & ~table.oracle
    answered = table.found_tumour | table.found_none
    if not (known & answered).any():
        return
    yield _row(
        table,
        None,
        counted=known & answered if answered_only else known,
        there=table.has_plane,
        found=table.found_tumour,
        spared=table.found_none,
        failed=known & ~answered,
        extra_mm3=np.full(len(table), np.nan),
    )


def _row(
    table: CaseTable,
    region: Region | None,
    *,
    counted: BoolArray,
    there: BoolArray,
    found: BoolArray,
    spared: BoolArray,
    failed: BoolArray,
    extra_mm3: FloatArray,
) -> DetectionSummary:
    shown, absent = counted & there, counted & ~there
    mean = estimate_mean(extra_mm3, numbered(table.patients.tolist()), bounds=(0.0, np.inf))
    known = extra_mm3[~np.isnan(extra_mm3)]
    return DetectionSummary(
        region=region,
        n_with=int(shown.sum()),
        n_without=int(absent.sum()),
        n_failed=int(failed.sum()),
        sensitivity=wilson(successes=int((shown & found).sum()), n=int(shown.sum())),
        specificity=wilson(successes=int((absent & spared).sum()), n=int(absent.sum())),
        false_positive_mm3=mean,
        largest_false_positive_mm3=float(known.max()) if known.size else None,
    )
