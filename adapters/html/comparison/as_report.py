"""Conversion of a comparison to a report on each backend, so that both share their tables."""

from __future__ import annotations

from gliobench.domain.comparison.report import BackendReport, EvaluationReport
from gliobench.domain.comparison.result import Comparison


def as_report(comparison: Comparison) -> EvaluationReport:
    """Return the results of each backend alone."""
    return EvaluationReport(
        cohort=comparison.cohort,
        backends=tuple(
            BackendReport(
                name=arm.name,
                fingerprint=arm.fingerprint,
                provenance=arm.provenance,
                n_trained_on=arm.n_trained_on,
                oracle=arm.oracle,
                summary=arm.summary,
            )
            for arm in comparison.arms
        ),
        seed=comparison.seed,
        versions=comparison.versions,
        findings=comparison.findings,
    )
