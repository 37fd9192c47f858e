"""Single cases under every backend, side by side."""

from __future__ import annotations

from gliobench.adapters.html.casebook import case_section
from gliobench.domain.comparison.result import Comparison


def cases(comparison: Comparison) -> dict[str, object]:
    """Lay the cases out."""
    return {"cases": case_section(comparison.casebook)}
