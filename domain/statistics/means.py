"""Means of many bootstrap cohorts at once, and confidence intervals of means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.statistics.estimate import LEVEL, NO_STUDY, Estimate, Measured, NotEstimable
from gliobench.domain.statistics.mean_reach import FailureShare, MeanSpread
from gliobench.domain.statistics.sampling import Indices

RESAMPLES = 1000
"""Replicates behind the intervals of a single run's F1, MCC, AUPRC and Brier score."""
ANYWHERE = (-np.inf, np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredValues:
    """M columns of numbers of N studies, laid out once for all draws.

    Args:
        values: (N, M), 0.0 where one is missing.
        there: (N, K) float64, 1.0 where a number is; None where none is missing. Columns that are
            there for the same studies share one.
        whose: (M,) which of `there` is a column's.
    """

    values: FloatArray
    there: FloatArray | None = None
    whose: Indices | None = None

    @classmethod
    def of(cls, values: FloatArray) -> MeasuredValues:
        """Lay out numbers such as errors in mm, or squared errors of probabilities.

        Args:
            values: (N, M); NaN is left out of its column's mean.
        """
        missing = np.isnan(values)
        if not missing.any():
            return cls(values)
        patterns: dict[bytes, int] = {}
        whose = [patterns.setdefault(item.tobytes(), len(patterns)) for item in missing.T]
        first = [whose.index(pattern) for pattern in range(len(patterns))]
        there = (~missing[:, first]).astype(np.float64)
        return cls(np.where(missing, 0.0, values), there, np.array(whose, dtype=np.intp))

    def means(self, weights: FloatArray) -> FloatArray:
        """Average in R cohorts; `weights` is (R, N).

        Returns:
            (R, M); NaN where a cohort holds no number of a column.
        """
        if self.there is None:
            sizes = weights.sum(axis=1, keepdims=True)
        else:
            sizes = (weights @ self.there)[:, self.whose]
        totals = weights @ self.values
        return ratio(totals, np.broadcast_to(sizes, totals.shape))

    def pulls(self) -> FloatArray:
        """Differentiate the means by each study's weight, (N, M)."""
        there = np.ones((len(self.values), 1)) if self.there is None else self.there[:, self.whose]
        apart = self.values - self.means(np.ones((1, len(there))))
        return np.asarray(there * apart / there.sum(axis=0))


def estimate_mean(
    values: FloatArray,
    patients: Indices,
    *,
    failed: BoolArray | None = None,
    bounds: tuple[float, float] = ANYWHERE,
) -> Measured:
    """Estimate a mean, over patients rather than studies.

    A few failures with the worst score do not determine the failure rate, so the rate has its own exact
    interval and the mean of the answers another; the two are combined. Without a failure, the interval
    assumes that none can occur.

    Args:
        values: (N,) one per study; NaN is excluded, with its patient.
        patients: (N,) patient of each study, by number.
        failed: (N,) bool, studies with the worst value because of a failure; None without failures.
        bounds: Smallest and largest possible mean.

    Returns:
        Not estimable without studies; no interval with fewer than two patients, or if all values are
        the same.

    Source: `mean_reach`.
    """
    known = ~np.isnan(values)
    if not known.any():
        return NO_STUDY
    values, patients = values[known], patients[known]
    lost = np.zeros(len(values), dtype=bool) if failed is None else failed[known]
    mean, n = float(values.mean()), len(values)
    if not lost.any() or lost.all():
        spread = MeanSpread.of(values, patients)
        if isinstance(spread, NotEstimable):
            return Estimate(mean, spread, n)
        return Estimate(mean, spread.reach(LEVEL).around(mean, LEVEL, bounds), n)
    answered = values[~lost]
    reach = (
        FailureShare.of(patients, lost)
        .reach(LEVEL)
        .scaled(float(values[lost].mean() - answered.mean()))
    )
    spread = MeanSpread.of(answered, patients[~lost])
    if not isinstance(spread, NotEstimable):
        reach = reach.with_(spread.reach(LEVEL).scaled(len(answered) / n))
    return Estimate(mean, reach.around(mean, LEVEL, bounds), n)
