"""Tests of whether a backend's scores differ between subgroups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gliobench.domain.comparison.pair import PValue
from gliobench.domain.comparison.report import SubgroupTest
from gliobench.domain.comparison.score_by_subgroup import Scored
from gliobench.domain.comparison.strata import Strata
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.localisation_rows import localisation_rows
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.classification import squared_error
from gliobench.domain.metrics.measures import (
    ACCURACY,
    BALANCED_ACCURACY,
    BRIER,
    SENSITIVITY,
    SPECIFICITY,
)
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.heterogeneity import heterogeneity_tests
from gliobench.domain.statistics.multiplicity import holm
from gliobench.domain.statistics.sampling import Indices, numbered

BALANCED = Scored(None, None, BALANCED_ACCURACY)


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
