"""Estimates: a value with its confidence interval, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

import scipy

from gliobench.domain.errors import InvalidInputError

LEVEL = 0.95
"""Nominal coverage of an interval."""


@dataclass(frozen=True, slots=True)
class NotEstimable:
    """A number that cannot be estimated from these studies.

    Args:
        reason: Why, as a clause: "there is no study".
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval.

    Args:
        low: Its lower end.
        high: Its upper end.
        level: Its nominal coverage.

    Raises:
        InvalidInputError: An end is not finite, they are swapped, or the level is not in (0, 1).
    """

    low: float
    high: float
    level: float = LEVEL

    def __post_init__(self) -> None:
        if not (isfinite(self.low) and isfinite(self.high) and self.low <= self.high):
            raise InvalidInputError(f"interval from {self.low} to {self.high}: wanted low ≤ high")
        two_sided_z(self.level)


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimated value.

    Args:
        value: The value, finite.
        interval: Its confidence interval, or why there is none.
        n: Number of observations.

    Raises:
        InvalidInputError: The value is not finite.
    """

    value: float
    interval: Interval | NotEstimable
    n: int

    def __post_init__(self) -> None:
        if not isfinite(self.value):
            raise InvalidInputError(f"estimate of {self.value}: wanted a finite number")


Measured: TypeAlias = Estimate | NotEstimable
"""The result of an estimation."""

UNMEASURED = NotEstimable("it was not measured")
NO_STUDY = NotEstimable("there is no study")


def two_sided_z(level: float) -> float:
    """Return the quantile of the standard normal that leaves out (1 - level) / 2 above it.

    Raises:
        InvalidInputError: The level is not in (0, 1).
    """
    if not 0 < level < 1:
        raise InvalidInputError(f"level of {level}: wanted one in (0, 1)")
    return float(scipy.special.ndtri((1 + level) / 2))
