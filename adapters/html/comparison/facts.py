"""The comparison as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from gliobench.adapters.html.comparison.lead import lead
from gliobench.adapters.html.comparison.stamps import stamps
from gliobench.adapters.html.facts import plain
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.evaluation.definitions import DEFINITIONS

SCHEMA = 2
SCHEMA_FILE = "report.schema.json"


def comparison_json(comparison: Comparison) -> str:
    """Convert a comparison to JSON by its schema: what is not estimable is {"reason": …}."""
    document: dict[str, object] = {
        "$schema": SCHEMA_FILE,
        "schema": SCHEMA,
        "lead": lead(comparison),
        "stamps": plain(stamps(comparison)),
        "definitions": dict(DEFINITIONS),
        "simulated": not comparison.cohort.is_ranked,
        "declared": comparison.primary_choice is PrimaryChoice.DECLARED,
    }
    facts = plain(comparison)
    if isinstance(facts, dict):
        document |= facts
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def schema() -> str:
    """Read the JSON schema of the comparison."""
    return (Path(__file__).parent / SCHEMA_FILE).read_text(encoding="utf-8")
