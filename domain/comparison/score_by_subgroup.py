"""Scores in subgroups of a cohort, and tests of whether they differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from gliobench.domain.comparison.pair import PValue
from gliobench.domain.comparison.report import Stratum, StratumRow, SubgroupScore, SubgroupTest
from gliobench.domain.comparison.strata import Strata
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.grading_measures import grading_measures, undrawn_measures
from gliobench.domain.evaluation.localisation_rows import answered_regions, localisation_rows
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.classification import squared_error
from gliobench.domain.metrics.measures import (
    ACCURACY,
    BALANCED_ACCURACY,
    BRIER,
    CENTRE_ERROR,
    GRADING,
    SENSITIVITY,
    SPECIFICITY,
    Measure,
)
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Measured, NotEstimable
from gliobench.domain.statistics.heterogeneity import heterogeneity_tests
from gliobench.domain.statistics.multiplicity import holm
from gliobench.domain.statistics.power import detectable_subgroup_difference
from gliobench.domain.statistics.sampling import Indices, numbered

MOST_DRAWN = 10_000
"""Studies of a part of a cohort that bootstrap cohorts are drawn of."""
NOT_DRAWN = NotEstimable(f"no cohorts are drawn of parts with more than {MOST_DRAWN:,} studies")


class Scored(NamedTuple):
    """What is measured in subgroups: grades, where `form` is None, or a form, of masks in a region."""

    form: Form | None
    region: Region | None
    measure: Measure


BALANCED = Scored(None, None, BALANCED_ACCURACY)


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


def compare_subgroups(
    cases: Mapping[str, CaseTable], strata: Sequence[Strata], *, seed: int
) -> Iterator[SubgroupTest]:
    """Test every mean and share of every run over the subgroups of each property.

    Args:
        cases: By run, in the same order.
        strata: How properties divide them.
        seed: Of the permutations.

    Yields:
        Corrected by Holm over the properties, for each run and measure; areas under curves and ratios such as MCC have no test.
    """
    for arm, table in cases.items():
        found: dict[Scored, list[PValue]] = defaultdict(list)
        columns, patients = _columns(table), numbered(table.patients.tolist())
        for by in strata if columns else ():
            for scored, p in _tests(table, columns, patients, by, seed=seed).items():
                found[scored].append(p)
        for scored, ps in found.items():
            adjusted = _corrected(ps)
            for by, p, corrected in zip(strata, ps, adjusted, strict=True):
                yield SubgroupTest(by.by, arm, *scored, p=p, adjusted=corrected)


def _tests(
    table: CaseTable,
    columns: Mapping[Scored, FloatArray],
    patients: Indices,
    by: Strata,
    *,
    seed: int,
) -> dict[Scored, PValue]:
    scores = np.column_stack(list(columns.values()))
    tested = heterogeneity_tests(scores, parts=by.part, patients=patients, seed=seed)
    found: dict[Scored, PValue] = dict(zip(columns, tested, strict=True))
    right = columns.get(Scored(None, None, ACCURACY))
    if right is None:
        return found
    classes = table.hgg.astype(np.intp)
    (balanced,) = heterogeneity_tests(
        right[:, None], parts=by.part, patients=patients, classes=classes, seed=seed
    )
    return {BALANCED: balanced, **found}


def _columns(table: CaseTable) -> dict[Scored, FloatArray]:
    """Return the (N,) scores of single studies whose means are measures; NaN for none."""
    columns = {
        Scored(row.form, row.region, measure): table.scores(row.form, measure, row.region)
        for row in localisation_rows(table, answered_only=False)
        for measure in row.measures
    }
    asked = table.has_grade & table.asked_grade
    if not asked.any():
        return columns
    right = np.where(asked, table.called_hgg == table.hgg, np.nan)
    graded = {
        ACCURACY: right,
        SENSITIVITY: np.where(table.hgg, right, np.nan),
        SPECIFICITY: np.where(table.hgg, np.nan, right),
    }
    if not np.isnan(probability := table.probability_hgg[asked]).any():
        graded[BRIER] = np.full(len(table), np.nan)
        graded[BRIER][asked] = squared_error(reference=table.hgg[asked], probability=probability)
    return {Scored(None, None, item): values for item, values in graded.items()} | columns


def _corrected(ps: Sequence[PValue]) -> list[PValue]:
    """Adjust the p values that there are by Holm."""
    made = iter(holm([p for p in ps if not isinstance(p, NotEstimable)]))
    return [p if isinstance(p, NotEstimable) else next(made) for p in ps]
