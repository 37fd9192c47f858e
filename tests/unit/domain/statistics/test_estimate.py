from __future__ import annotations

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import (
    Estimate,
    Interval,
    NotEstimable,
    two_sided_z,
)


@pytest.mark.parametrize("ends", [(1.0, 0.0), (float("nan"), 1.0), (0.0, float("inf"))])
def test_an_interval_runs_from_low_to_high_and_is_finite(ends: tuple[float, float]) -> None:
    with pytest.raises(InvalidInputError, match="wanted low ≤ high"):
        Interval(*ends)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_a_level_is_a_share(level: float) -> None:
    with pytest.raises(InvalidInputError, match="wanted one in"):
        Interval(0.0, 1.0, level)


def test_an_estimate_is_never_nan() -> None:
    with pytest.raises(InvalidInputError, match="estimate of nan"):
        Estimate(float("nan"), NotEstimable("no study"), n=0)


def test_95_per_cent_leave_out_what_lies_beyond_196() -> None:
    assert two_sided_z(0.95) == pytest.approx(1.959963984540054)
