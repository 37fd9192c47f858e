"""Scores in subgroups of a cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gliobench.domain.comparison.endpoints import POINT_ERROR
from gliobench.domain.comparison.paired_grades import NOT_GRADED, GradedStudies
from gliobench.domain.comparison.report import Stratum, StratumRow
from gliobench.domain.comparison.strata import Stratifier, stratify
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Measured
from gliobench.domain.statistics.means import estimate_mean
from gliobench.domain.statistics.proportions import mean_of_proportions, wilson
from gliobench.domain.statistics.sampling import Indices, numbered


def score_by_subgroup(cases: Mapping[str, CaseTable]) -> Iterator[Stratum]:
    """Divide the shared studies into subgroups, and score every run in each of them.

    Args:
        cases: By run, in the same order.
    """
    slim = {arm: table.of_forms(Form.POINT) for arm, table in cases.items()}
    first = next(iter(slim.values()))
    for by in Stratifier:
        parts = stratify(first, by)
        for name in parts.names:
            members = parts.members(name)
            part = {arm: table.take(members) for arm, table in slim.items()}
            yield Stratum(by, name, parts.edges, parts.unit, tuple(_stratum_rows(part)))


def _stratum_rows(cases: Mapping[str, CaseTable]) -> Iterator[StratumRow]:
    patients = numbered(next(iter(cases.values())).patients.tolist())
    for arm, table in cases.items():
        accuracy, balanced = _accuracies(arm, table)
        yield StratumRow(arm, len(table), accuracy, balanced, _error(table, patients))


def _error(table: CaseTable, patients: Indices) -> Measured:
    errors = POINT_ERROR.scores(table)
    if np.isnan(errors).all():
        return UNMEASURED
    worst = errors == POINT_ERROR.worst
    return estimate_mean(errors, patients, failed=worst, bounds=(0.0, POINT_ERROR.worst))


def _accuracies(arm: str, table: CaseTable) -> tuple[Measured, Measured]:
    studies = GradedStudies.of({arm: table})
    if not studies.has(arm):
        unmeasured = NOT_GRADED if arm not in studies.called else UNMEASURED
        return unmeasured, unmeasured
    right, hgg = studies.right(arm), studies.hgg
    accuracy, found, spared = (
        wilson(successes=int(part.sum()), n=len(part)) for part in (right, right[hgg], right[~hgg])
    )
    return accuracy, mean_of_proportions(found, spared)
