"""How the scores of a run become its summary."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.detection import detection_rows
from gliobench.domain.evaluation.grading_measures import grading_measures
from gliobench.domain.evaluation.localisation_rows import answered_regions, localisation_rows
from gliobench.domain.evaluation.summary import BothWays, GradingSummary, RunSummary, Summary
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.statistics.proportions import wilson


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
