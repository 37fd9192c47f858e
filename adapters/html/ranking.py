"""Ranking of backends by intention-to-treat scores."""

from __future__ import annotations

from typing import TypeAlias

from gliobench.domain.comparison.report import EvaluationReport
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.metrics.measures import BALANCED_ACCURACY, CENTRE_ERROR_3D
from gliobench.domain.statistics.estimate import Estimate

Ranking: TypeAlias = list[tuple[str, float, Estimate]]
"""Backends' names, values and estimates, the best first; those without a value are left out.
On simulated studies backends are not ranked and keep the order of the report."""


def by_balanced_accuracy(report: EvaluationReport) -> Ranking:
    """Rank the backends that grade, where the references include both grades."""
    found = []
    for backend in report.backends:
        grading = backend.summary.everyone.intention_to_treat.grading
        estimate = grading.measures.get(BALANCED_ACCURACY) if grading else None
        if isinstance(estimate, Estimate):
            found.append((backend.name, estimate.value, estimate))
    return sorted(found, key=lambda one: -one[1]) if report.cohort.is_ranked else found


def by_centre_error(report: EvaluationReport) -> list[tuple[str, FormSummary]]:
    """Rank the backends that give points by the median of their 3D errors, the best first.

    On simulated studies they keep the order of the report.
    """
    found = [
        (backend.name, row)
        for backend in report.backends
        for row in backend.summary.everyone.intention_to_treat.localisation
        if CENTRE_ERROR_3D in row.spreads
    ]
    if not report.cohort.is_ranked:
        return found
    return sorted(found, key=lambda one: one[1].spreads[CENTRE_ERROR_3D].median)
