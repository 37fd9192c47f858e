"""What the comparison's tables put in a cell."""

from __future__ import annotations

from dataclasses import replace

from gliobench.adapters.html.comparison.words import p_value
from gliobench.adapters.html.tables import NOTHING, Cell
from gliobench.domain.comparison.result import Test
from gliobench.domain.statistics.estimate import Measured, NotEstimable


def test_cell(test: Test | None) -> Cell:
    """Print a test's p, and beneath what Holm's correction makes of it."""
    if test is None or isinstance(test.p, NotEstimable):
        return NOTHING
    return Cell(p_value(test.p), f"Holm {p_value(test.adjusted)}")


def mirrored(measured: Measured, sign: int) -> Measured:
    """Read a difference the other way round where `sign` is -1."""
    if sign > 0 or isinstance(measured, NotEstimable):
        return measured
    spread = measured.interval
    if not isinstance(spread, NotEstimable):
        spread = replace(spread, low=-spread.high, high=-spread.low)
    return replace(measured, value=-measured.value, interval=spread)
