"""Single cases with the answers of all backends."""

from __future__ import annotations

from gliobench.adapters.html.casebook import case_section
from gliobench.domain.comparison.result import Comparison


def cases(comparison: Comparison) -> dict[str, object]:
    """Prepare the cases."""
    return {"cases": case_section(comparison.casebook)}
