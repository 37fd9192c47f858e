"""Robustness: whether answers depend on the tumour and on the image, and failures."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Prose
from gliobench.adapters.html.lead import tracking_claims
from gliobench.adapters.html.sections.controls import controls
from gliobench.adapters.html.sections.failures import failures
from gliobench.adapters.html.sections.position_bias import position_bias
from gliobench.domain.comparison.report import Report


def robustness(report: Report) -> list[Block]:
    """Return the section."""
    claims = Prose(list(tracking_claims(report)), "claims")
    return [claims, position_bias(report), controls(report), failures(report)]
