"""Bootstrap intervals of any statistic.

A statistic maps weights of studies to numbers, for many cohorts at once: see `confusions`, `rankings`
and `means`. Backends computed from the same resamples are compared on the same patients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from scipy.special import ndtr, ndtri

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import (
    LEVEL,
    NO_STUDY,
    Estimate,
    Interval,
    Measured,
    NotEstimable,
    two_sided_z,
)
from gliobench.domain.statistics.normal_limit import Pulls, normal_limit
from gliobench.domain.statistics.sampling import SamplingPlan

Statistic: TypeAlias = Callable[[FloatArray], FloatArray]
"""Gives (R, M) numbers of R cohorts for (R, N) weights of studies; NaN where one is undefined."""

REPLICATES = 10_000

_UNDEFINED = NotEstimable("it is not defined for these studies")
_NO_DOUBT = NotEstimable("all bootstrap resamples give the same value")


@dataclass(frozen=True, slots=True, eq=False)
class Replicates:
    """M statistics of the cohort and of its bootstrap resamples.

    Args:
        observed: (M,) of the cohort.
        drawn: (R, M) of the resamples.
        influence: (G, M) the influence of each patient, or group of patients, on the statistics.
        n: Number of studies.
        obstacle: Why no resample was drawn, or None.
    """

    observed: FloatArray
    drawn: FloatArray
    influence: FloatArray
    n: int
    obstacle: NotEstimable | None = None

    def __sub__(self, other: Replicates) -> Replicates:
        """Subtract the statistics of another backend on the same resamples."""
        return replace(
            self,
            observed=self.observed - other.observed,
            drawn=self.drawn - other.drawn,
            influence=self.influence - other.influence,
        )

    def pick(self, columns: Sequence[int]) -> Replicates:
        """Keep some of the numbers, in the order asked for."""
        at = list(columns)
        return replace(
            self,
            observed=self.observed[at],
            drawn=self.drawn[:, at],
            influence=self.influence[:, at],
        )

    def percentile(self, *, level: float = LEVEL) -> tuple[Measured, ...]:
        """Estimate each number with the quantiles of its draws.

        Returns:
            Not estimable where it is undefined. No interval where a stratum has one patient, where
            all draws agree, or where more of them leave it undefined than lie beyond an end.
        """
        z = two_sided_z(level)
        tails = float(ndtr(-z)), float(ndtr(z))
        return tuple(
            self._measured(column, level, lambda drawn, _: _between(drawn, tails, level))
            for column in range(len(self.observed))
        )

    def bca(self, *, level: float = LEVEL) -> tuple[Measured, ...]:
        """Estimate each number with quantiles corrected for bias and for skewness.

        Returns:
            As `percentile`; no interval either where all draws lie to one side of the number, or
            where a patient's pull is undefined.

        Source: Efron, "Better bootstrap confidence intervals", JASA 1987; over strata, Davison &
            Hinkley, "Bootstrap methods and their application", 1997, section 5.3.
        """
        z = two_sided_z(level)

        def corrected(drawn: FloatArray, column: int) -> Interval | NotEstimable:
            observed, influence = self.observed[column], self.influence[:, column]
            tails = _corrected_tails(drawn, observed=observed, influence=influence, z=z)
            return tails if isinstance(tails, NotEstimable) else _between(drawn, tails, level)

        return tuple(
            self._measured(column, level, corrected) for column in range(len(self.observed))
        )

    def standard_error(self, column: int) -> float:
        """Return the standard error of one number, from the pulls of the patients."""
        return float(np.sqrt((self.influence[:, column] ** 2).sum()))

    def _measured(
        self,
        column: int,
        level: float,
        interval: Callable[[FloatArray, int], Interval | NotEstimable],
    ) -> Measured:
        value, drawn = float(self.observed[column]), self.drawn[:, column]
        if np.isnan(value):
            return NO_STUDY if self.n == 0 else _UNDEFINED
        defined = drawn[~np.isnan(drawn)]
        found = self.obstacle or _blank(defined, of=len(drawn), level=level)
        return Estimate(value, found or interval(defined, column), n=self.n)


def resample(
    statistic: Statistic,
    plan: SamplingPlan,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
    pulls: Pulls | None = None,
) -> Replicates:
    """Compute a statistic on the cohort, on bootstrap resamples, and by the jackknife.

    Args:
        statistic: Takes weights of studies, (R, N) ≥ 0, not always integers.
        plan: The sampling plan.
        replicates: Number of resamples, ≥ 100.
        seed: The same seed, plan and statistic give the same replicates.
        pulls: Of the statistic; where they are known, `normal_limit` replaces the resamples of a large
            cohort.

    Raises:
        InvalidInputError: Too few replicates for a tail.
    """
    if replicates < 100:
        raise InvalidInputError(f"{replicates} replicates: wanted 100 or more")
    if plan.n_studies == 0:
        count = statistic(np.ones((1, 0))).shape[1]
        nothing = np.empty((0, count))
        return Replicates(np.full(count, np.nan), nothing, nothing, n=0, obstacle=NO_STUDY)
    observed = statistic(plan.everyone)[0]
    if plan.obstacle is not None:
        nothing = np.empty((0, len(observed)))
        return Replicates(observed, nothing, nothing, n=plan.n_studies, obstacle=plan.obstacle)
    limit = normal_limit(pulls, plan, observed) if pulls else None
    if limit is not None:
        return _of_limit(observed, limit, plan.n_studies, replicates=replicates, seed=seed)
    drawn = [statistic(weights) for weights in plan.draws(replicates, seed=seed)]
    influence = [
        shares[:, None] * (observed - statistic(weights)) for weights, shares in plan.leave_outs()
    ]
    return Replicates(observed, np.concatenate(drawn), np.concatenate(influence), n=plan.n_studies)


def _of_limit(
    observed: FloatArray, limit: FloatArray, n: int, *, replicates: int, seed: int
) -> Replicates:
    """Draw from a normal distribution; its pulls have the same variance and no skewness."""
    normal = np.random.default_rng(seed).standard_normal((replicates, len(limit)))
    influence = np.vstack([limit, -limit]) / np.sqrt(2)
    return Replicates(observed, observed + normal @ limit, influence, n=n)


def _blank(defined: FloatArray, *, of: int, level: float) -> NotEstimable | None:
    """Return why the resamples give no interval, if so."""
    if 1 - len(defined) / of > (1 - level) / 2:
        return NotEstimable(f"{1 - len(defined) / of:.0%} of the resamples leave it undefined")
    if np.ptp(defined) <= 1e-12 * max(1.0, float(np.abs(defined).max())):
        return _NO_DOUBT
    return None


def _between(drawn: FloatArray, tails: tuple[float, float], level: float) -> Interval:
    # "weibull" is the (R + 1)·p-th draw: with few replicates other rules make intervals too short
    low, high = np.quantile(drawn, tails, method="weibull")
    return Interval(float(low), float(high), level)


def _corrected_tails(
    drawn: FloatArray, *, observed: float, influence: FloatArray, z: float
) -> tuple[float, float] | NotEstimable:
    if np.isnan(influence).any():
        return NotEstimable("without one of the patients it is undefined")
    below = float(np.mean(drawn < observed) + np.mean(drawn == observed) / 2)
    if not 0 < below < 1:
        return NotEstimable("all resamples lie to one side of the estimate")
    bias = float(ndtri(below))
    acceleration = _skewness(influence) / 6
    ends = np.array((bias - z, bias + z))
    low, high = ndtr(bias + ends / (1 - acceleration * ends))
    return float(low), float(high)


def _skewness(influence: FloatArray) -> float:
    """Sum the cubes over the 3/2th power of the sum of squares; 0.0 without any influence."""
    squares = float((influence**2).sum())
    return float((influence**3).sum()) / squares**1.5 if squares else 0.0
