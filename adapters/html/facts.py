"""The report's numbers for machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from gliobench.adapters.html.sentences import lead, stamps
from gliobench.domain.evaluation.report import EvaluationReport

SCHEMA = 2
TOLD = ("cohort", "backends", "seed", "versions", "findings", "missing_shards")
LEFT_OUT = frozenset({"cases", "casebook"})
"""Cases lie in each run's scores.parquet, pictures in the page."""


def render_json(report: EvaluationReport) -> str:
    """Put a report into JSON: names as in the code, None as null, an unknown key as "unknown"."""
    summed_up: dict[str, object] = {
        "schema": SCHEMA,
        "lead": lead(report),
        "stamps": plain(stamps(report)),
        "simulated": not report.cohort.is_ranked,
    }
    facts: dict[str, object] = {name: plain(getattr(report, name)) for name in TOLD}
    return json.dumps(summed_up | facts, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def plain(value: object) -> object:
    """Turn domain values into what JSON knows."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value) if field.name not in LEFT_OUT]
        return {name: plain(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {_key(key): plain(one) for key, one in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((plain(one) for one in value), key=str)
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value


def _key(key: object) -> str:
    if key is None:
        return "unknown"
    return str(key.value) if isinstance(key, Enum) else str(key)
