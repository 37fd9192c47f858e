"""An evaluation's report as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.html.json_values import document, schema
from gliobench.adapters.html.reservations import Stamp
from gliobench.adapters.html.sentences import lead, stamps
from gliobench.domain.comparison.report import EvaluationReport
from gliobench.domain.evaluation.definitions import DEFINITIONS


def render_json(report: EvaluationReport) -> str:
    """Convert a report to JSON: names as in the code, None as null, an unknown key as "unknown"."""
    return document(
        report,
        lead=lead(report),
        stamps=stamps(report),
        simulated=not report.cohort.is_ranked,
        definitions=DEFINITIONS,
    )


def report_schema() -> str:
    """Describe the JSON of a report."""
    return schema(
        EvaluationReport,
        lead=str,
        stamps=list[Stamp],
        simulated=bool,
        definitions=Mapping[str, str],
    )
