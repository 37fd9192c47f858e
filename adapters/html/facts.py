"""The report as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from gliobench.adapters.html.sentences import lead, stamps
from gliobench.domain.comparison.report import EvaluationReport
from gliobench.domain.comparison.result import StratumRow
from gliobench.domain.evaluation.definitions import DEFINITIONS
from gliobench.domain.metrics.measures import CENTRE_ERROR, Measure
from gliobench.domain.position.bias import PositionBias, PriorComparison

SCHEMA = 2
REPORTED = ("cohort", "backends", "seed", "versions", "findings", "missing_shards")
RENAMED: Mapping[type, Mapping[str, str]] = {
    StratumRow: {"error_mm": CENTRE_ERROR.exported_as},
    PositionBias: {"error_mm": "answered_error_plane_mm"},
    PriorComparison: {"error_mm": "prior_error_plane_mm"},
}
"""JSON names that state where an error is measured, and of what."""
LEFT_OUT = frozenset({"cases", "casebook"})
"""Cases are stored in each run's scores.parquet, pictures in the page."""


def render_json(report: EvaluationReport) -> str:
    """Convert a report to JSON: names as in the code, None as null, an unknown key as "unknown"."""
    summary: dict[str, object] = {
        "schema": SCHEMA,
        "lead": lead(report),
        "stamps": plain(stamps(report)),
        "simulated": not report.cohort.is_ranked,
        "definitions": dict(DEFINITIONS),
    }
    facts: dict[str, object] = {name: plain(getattr(report, name)) for name in REPORTED}
    return json.dumps(summary | facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: object) -> object:
    """Convert domain values to JSON types."""
    if isinstance(value, Enum | Measure):
        return value.value if isinstance(value, Enum) else value.key
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in LEFT_OUT]
        facts = {name: plain(getattr(value, name)) for name in names}
        renamed = RENAMED.get(type(value), {})
        return {renamed.get(name, name): fact for name, fact in facts.items()}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return value


def _key(key: object) -> str:
    if key is None:
        return "unknown"
    if isinstance(key, Measure):
        return key.exported_as
    return str(key.value) if isinstance(key, Enum) else str(key)
