"""The comparison as JSON."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.html.comparison.lead import lead
from gliobench.adapters.html.comparison.stamps import stamps
from gliobench.adapters.html.json_values import document, schema
from gliobench.adapters.html.reservations import Stamp
from gliobench.domain.comparison.endpoints import PrimaryChoice
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.evaluation.definitions import DEFINITIONS


def comparison_json(comparison: Comparison) -> str:
    """Convert a comparison to JSON by its schema."""
    return document(
        comparison,
        lead=lead(comparison),
        stamps=stamps(comparison),
        definitions=DEFINITIONS,
        simulated=not comparison.cohort.is_ranked,
        declared=comparison.primary_choice is PrimaryChoice.DECLARED,
    )


def comparison_schema() -> str:
    """Describe the JSON of a comparison."""
    return schema(
        Comparison,
        lead=str,
        stamps=list[Stamp],
        definitions=Mapping[str, str],
        simulated=bool,
        declared=bool,
    )
