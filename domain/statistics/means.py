"""Means of many drawn cohorts at once, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry import FloatArray
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.estimate import NO_STUDY, Measured
from gliobench.domain.statistics.ratios import ratio
from gliobench.domain.statistics.sampling import SamplingPlan

RESAMPLES = 1000
"""Replicates behind the intervals of a single run's means."""


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredValues:
    """M columns of numbers of N studies, laid out once for all draws.

    Args:
        values: (N, M), 0.0 where one is missing.
        there: (N, M) float64, 1.0 where one is; None where none is missing.
    """

    values: FloatArray
    there: FloatArray | None

    @classmethod
    def of(cls, values: FloatArray) -> MeasuredValues:
        """Lay out numbers such as errors in mm, or squared errors of probabilities.

        Args:
            values: (N, M); NaN is left out of its column's mean.
        """
        missing = np.isnan(values)
        if not missing.any():
            return cls(values, None)
        return cls(np.where(missing, 0.0, values), (~missing).astype(np.float64))

    def means(self, weights: FloatArray) -> FloatArray:
        """Average in R cohorts; `weights` is (R, N).

        Returns:
            (R, M); NaN where a cohort holds no number of a column.
        """
        sizes = weights.sum(axis=1, keepdims=True) if self.there is None else weights @ self.there
        totals = weights @ self.values
        return ratio(totals, np.broadcast_to(sizes, totals.shape))


def bootstrap_mean(
    *, values: Sequence[float], patients: Sequence[Hashable], seed: int = 0
) -> Measured:
    """Estimate a mean with a percentile bootstrap that draws patients, not studies.

    Args:
        values: One a study, finite.
        patients: Whose study it is, in the same order.
        seed: The same seed, values and patients give the same interval.

    Returns:
        Not estimable without studies; no interval where there are fewer than two patients, or all
        values are the same.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    if not values:
        return NO_STUDY
    column = np.asarray(values, dtype=np.float64)[:, None]
    replicates = resample(
        MeasuredValues.of(column).means, SamplingPlan.of(patients), replicates=RESAMPLES, seed=seed
    )
    return replicates.percentile()[0]
