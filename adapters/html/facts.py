"""The report as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.html.json_values import document, schema
from gliobench.adapters.html.lead import claims, verdict
from gliobench.adapters.html.stamps import Stamp, stamps
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.definitions import DEFINITIONS


def render_json(report: Report) -> str:
    """Convert a report to JSON: names as in the code, None as null, an unknown key as "unknown"."""
    return document(
        report,
        verdict=verdict(report),
        claims=claims(report),
        stamps=stamps(report),
        definitions=DEFINITIONS,
        simulated=not report.cohort.is_ranked,
        declared=report.primary_choice is PrimaryChoice.DECLARED,
    )


def report_schema() -> str:
    """Describe the JSON of a report."""
    return schema(
        Report,
        verdict=str,
        claims=list[str],
        stamps=list[Stamp],
        definitions=Mapping[str, str],
        simulated=bool,
        declared=bool,
    )
