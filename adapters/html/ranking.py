"""Which backend comes first, intention-to-treat."""

from __future__ import annotations

from typing import TypeAlias

from gliobench.domain.prediction import Form
from gliobench.domain.report import EvaluationReport
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.summary import Measure

Ranking: TypeAlias = list[tuple[str, float, Estimate]]
"""Backends' names, values and estimates, the best first; those without a value are left out."""


def by_balanced_accuracy(report: EvaluationReport) -> Ranking:
    """Rank the backends that grade, where the references hold both grades."""
    found = []
    for backend in report.backends:
        grading = backend.summary.everyone.intention_to_treat.grading
        estimate = grading.measures.get(Measure.BALANCED_ACCURACY) if grading else None
        if isinstance(estimate, Estimate):
            found.append((backend.name, estimate.value, estimate))
    return sorted(found, key=lambda one: -one[1])


def by_centre_error(report: EvaluationReport) -> tuple[Form, Ranking]:
    """Rank the backends that point.

    Returns:
        `POINT_3D` and the errors in the volume; or `POINT` and those on the scoring plane, where
        more backends point there: then it is the question that all of them answer.
    """
    in_volume, on_plane = (_centre_errors(report, form) for form in (Form.POINT_3D, Form.POINT))
    if len(on_plane) > len(in_volume):
        return Form.POINT, on_plane
    return Form.POINT_3D, in_volume


def _centre_errors(report: EvaluationReport, form: Form) -> Ranking:
    found = []
    for backend in report.backends:
        for row in backend.summary.everyone.intention_to_treat.localisation:
            estimate = row.measures.get(Measure.ERROR_MM)
            if row.form is form and isinstance(estimate, Estimate):
                found.append((backend.name, estimate.value, estimate))
    return sorted(found, key=lambda one: one[1])
