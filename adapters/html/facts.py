"""The report as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gliobench.adapters.html.first_place import first_place
from gliobench.adapters.html.json_values import document, schema
from gliobench.adapters.html.lead import claims, verdict
from gliobench.adapters.html.stamps import Stamp, stamps
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.definitions import DEFINITIONS
from gliobench.domain.studies.grading_target import GRADE, GradingTarget

HEAD: Mapping[str, tuple[object, Callable[[Report], object]]] = {
    "verdict": (str, verdict),
    "claims": (list[str], claims),
    "first_place": (str, first_place),
    "stamps": (list[Stamp], stamps),
    "definitions": (Mapping[str, str], lambda _: DEFINITIONS),
    "simulated": (bool, lambda report: not report.cohort.is_ranked),
    "declared": (bool, lambda report: report.primary_choice is PrimaryChoice.DECLARED),
}
"""What precedes the fields of a report: its type and its value."""


def render_json(report: Report) -> str:
    """Convert a report to JSON: names as in the code, None as null, an unknown key as "unknown"."""
    head = {name: value(report) for name, (_, value) in HEAD.items()}
    return document(report, report.target, **head)


def report_schema(target: GradingTarget = GRADE) -> str:
    """Describe the JSON of a report on a target."""
    return schema(Report, target, **{name: hint for name, (hint, _) in HEAD.items()})
