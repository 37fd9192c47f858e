"""Paired comparison of means in which a failure scores worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.estimate import LEVEL, NO_STUDY, Estimate, Measured, NotEstimable
from gliobench.domain.statistics.mean_reach import ONE_PATIENT, FailureShare, MeanSpread, Reach
from gliobench.domain.statistics.sampling import Indices

SMALLEST_P = 1e-6
"""Smaller p values are not resolved."""


@dataclass(frozen=True, slots=True)
class PairedMeans:
    """The means of two backends over the same studies.

    Args:
        difference: The first less the second; where either failed, with failure rates of both
            anywhere in their exact intervals.
        p: One less the highest level at which the interval leaves out zero, with failure rates of
            both anywhere in their exact intervals, though neither failed.
    """

    difference: Measured
    p: float | NotEstimable


def compare_means(
    first: FloatArray,
    second: FloatArray,
    *,
    failed: tuple[BoolArray, BoolArray],
    worst: float,
    patients: Indices,
) -> PairedMeans:
    """Compare two means by the interval of their difference.

    With a penalty of hundreds of millimetres, a mean depends on the failure rate, and few or no failures
    do not determine it: 50 studies without failure are compatible with 7 %. So the mean of the studies
    answered by both has its own interval, the failure rates of either alone have exact ones, and the
    interval of the difference combines the three.

    Args:
        first: (N,) scores of one backend, the worst for a failure; NaN is excluded.
        second: (N,) of the other.
        failed: (N,) bool of each.
        worst: The score of a failure.
        patients: (N,) patient of each study, by number.

    Returns:
        Not estimable without studies; no p where only one patient was answered by both.
    """
    known = ~np.isnan(first) & ~np.isnan(second)
    if not known.any():
        return PairedMeans(NO_STUDY, NO_STUDY)
    lost = failed[0][known], failed[1][known]
    parts = _Parts.of(first[known], second[known], lost, worst, patients[known])
    return PairedMeans(parts.difference(), parts.p())


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """A difference of means: of the studies answered by both, and of either's own failures."""

    apart: FloatArray
    answered: MeanSpread | NotEstimable
    share: float
    alone: tuple[FailureShare, FailureShare]
    losses: tuple[float, float]

    @classmethod
    def of(
        cls,
        first: FloatArray,
        second: FloatArray,
        failed: tuple[BoolArray, BoolArray],
        worst: float,
        patients: Indices,
    ) -> _Parts:
        apart, both = first - second, ~failed[0] & ~failed[1]
        return cls(
            apart=apart,
            answered=MeanSpread.of(apart[both], patients[both]),
            share=float(both.mean()),
            alone=(
                FailureShare.of(patients, failed[0] & ~failed[1]),
                FailureShare.of(patients, failed[1] & ~failed[0]),
            ),
            losses=(
                worst - _mean(second[~failed[1]], worst),
                _mean(first[~failed[0]], worst) - worst,
            ),
        )

    def difference(self) -> Estimate:
        """Estimate it; where neither failed alone, failures are assumed impossible."""
        value, failing = float(self.apart.mean()), any(item.n_failed for item in self.alone)
        if isinstance(self.answered, NotEstimable) and not failing:
            return Estimate(value, self.answered, len(self.apart))
        reach = self._reach(LEVEL, failing=failing)
        return Estimate(value, reach.around(value, LEVEL, (-np.inf, np.inf)), len(self.apart))

    def p(self) -> float | NotEstimable:
        """Bisect for the level at which the interval ends at zero, including unobserved failures."""
        if self.share and self.answered == ONE_PATIENT:
            return ONE_PATIENT
        low, high = np.log(SMALLEST_P), 0.0
        while high - low > 1e-3:
            middle = (low + high) / 2
            low, high = (low, middle) if self._holds_apart(np.exp(middle)) else (middle, high)
        return float(np.exp(high))

    def _holds_apart(self, p: float) -> bool:
        value, reach = float(self.apart.mean()), self._reach(1 - p, failing=True)
        return value > reach.down if value > 0 else -value > reach.up

    def _reach(self, level: float, *, failing: bool) -> Reach:
        reach = Reach(0.0, 0.0)
        if not isinstance(self.answered, NotEstimable):
            reach = self.answered.reach(level).scaled(self.share)
        if failing:
            for alone, loss in zip(self.alone, self.losses, strict=True):
                reach = reach.with_(alone.reach(level).scaled(loss))
        return reach


def _mean(values: FloatArray, otherwise: float) -> float:
    return float(values.mean()) if len(values) else otherwise


def larger_p(one: float | NotEstimable, other: float | NotEstimable) -> float | NotEstimable:
    """Return the p of a claim that requires both tests."""
    if isinstance(one, NotEstimable):
        return one
    return other if isinstance(other, NotEstimable) else max(one, other)
