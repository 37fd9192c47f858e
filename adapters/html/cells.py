"""Cells of the comparison's tables."""

from __future__ import annotations

from dataclasses import replace

from gliobench.adapters.html.tables import NOTHING, Cell
from gliobench.adapters.html.words import p_value
from gliobench.domain.comparison.pair import Test
from gliobench.domain.statistics.estimate import Measured, NotEstimable


def test_cell(test: Test | None) -> Cell:
    """Print a test's p, with the Holm-adjusted p below."""
    if test is None or isinstance(test.p, NotEstimable):
        return NOTHING
    return Cell(p_value(test.p), f"Holm {p_value(test.adjusted)}")


def mirrored(measured: Measured, sign: int) -> Measured:
    """Reverse a difference where `sign` is -1."""
    if sign > 0 or isinstance(measured, NotEstimable):
        return measured
    spread = measured.interval
    if not isinstance(spread, NotEstimable):
        spread = replace(spread, low=-spread.high, high=-spread.low)
    return replace(measured, value=-measured.value, interval=spread)
