"""Controls: whether answers depend on the image."""

from __future__ import annotations

from gliobench.adapters.html.comparison.words import tracking_indices
from gliobench.adapters.html.controls import control_facts
from gliobench.domain.comparison.result import Comparison


def controls(comparison: Comparison) -> dict[str, object]:
    """Gather what the section shows."""
    found = {arm.name: arm.controls for arm in comparison.arms}
    return control_facts(found, dict(tracking_indices(comparison.arms)))
