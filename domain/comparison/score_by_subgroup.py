"""Scores in subgroups of a cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from gliobench.domain.comparison.report import Stratum, StratumRow, SubgroupScore
from gliobench.domain.comparison.strata import Strata
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.grading_measures import grading_measures, undrawn_measures
from gliobench.domain.evaluation.localisation_rows import answered_regions, localisation_rows
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import (
    ACCURACY,
    BALANCED_ACCURACY,
    CENTRE_ERROR,
    GRADING,
    Measure,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Measured, NotEstimable
from gliobench.domain.statistics.power import detectable_subgroup_difference

MOST_DRAWN = 10_000
"""Studies of a part of a cohort that bootstrap cohorts are drawn of."""
NOT_DRAWN = NotEstimable(f"no cohorts are drawn of parts with more than {MOST_DRAWN:,} studies")


class Scored(NamedTuple):
    """What is measured in subgroups: grades, where `form` is None, or a form, of masks in a region."""

    form: Form | None
    region: Region | None
    measure: Measure


class _Part(NamedTuple):
    """One backend in one part of the cohort."""

    n: int
    n_failed: int
    found: Mapping[Scored, Measured]


def score_by_subgroup(
    cases: Mapping[str, CaseTable], strata: Sequence[Strata], *, seed: int
) -> Iterator[Stratum]:
    """Score every run in each subgroup of the shared studies, by every measure.

    Args:
        cases: By run, in the same order.
        strata: How properties divide them.
        seed: Of the bootstrap intervals.
    """
    regions = {arm: answered_regions(table) for arm, table in cases.items()}
    for by in strata:
        parts = [
            {
                arm: _part(table.take(by.members(name)), regions[arm], seed)
                for arm, table in cases.items()
            }
            for name in by.names
        ]
        for at, (name, part) in enumerate(zip(by.names, parts, strict=True)):
            others = [*parts[:at], *parts[at + 1 :]]
            rows = (
                _row(arm, one, [other[arm].found for other in others]) for arm, one in part.items()
            )
            yield Stratum(by.by, name, by.edges, by.unit, tuple(rows))


def _part(table: CaseTable, regions: Sequence[Region], seed: int) -> _Part:
    graded = _grades(table, seed).items()
    found = {Scored(None, None, measure): value for measure, value in graded}
    for row in localisation_rows(table, answered_only=False, regions=regions):
        found |= {
            Scored(row.form, row.region, measure): value for measure, value in row.measures.items()
        }
    return _Part(len(table), table.n_failed, found)


def _grades(table: CaseTable, seed: int) -> Mapping[Measure, Measured]:
    asked = table.has_grade & table.asked_grade
    if not asked.any():
        return {}
    answers = (table.hgg[asked], table.called_hgg[asked], table.probability_hgg[asked])
    if asked.sum() > MOST_DRAWN:
        return {**dict.fromkeys(GRADING, NOT_DRAWN), **undrawn_measures(*answers)}
    return grading_measures(*answers, patients=table.patients[asked].tolist(), seed=seed)


def _row(arm: str, part: _Part, others: Sequence[Mapping[Scored, Measured]]) -> StratumRow:
    def of(form: Form | None, measure: Measure) -> Measured:
        return part.found.get(Scored(form, None, measure), UNMEASURED)

    return StratumRow(
        arm,
        part.n,
        accuracy=of(None, ACCURACY),
        balanced_accuracy=of(None, BALANCED_ACCURACY),
        error_mm=of(Form.POINT, CENTRE_ERROR),
        n_failed=part.n_failed,
        scores=tuple(
            SubgroupScore(
                *scored,
                value=value,
                detectable=detectable_subgroup_difference(
                    value, [other.get(scored, UNMEASURED) for other in others]
                ),
            )
            for scored, value in part.found.items()
        ),
    )
