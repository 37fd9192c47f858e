"""Robustness: whether answers depend on the tumour and on the image, and failures."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Prose
from gliobench.adapters.html.lead import tracking_claims
from gliobench.adapters.html.sections.controls import controls
from gliobench.adapters.html.sections.failures import failures
from gliobench.adapters.html.sections.position_bias import position_bias
from gliobench.domain.comparison.report import Report


def robustness(report: Report) -> Iterator[Block]:
    """Yield the section."""
    yield Prose(list(tracking_claims(report)), "claims")
    yield from position_bias(report)
    yield from controls(report)
    yield from failures(report)
