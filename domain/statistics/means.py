"""Means of many drawn cohorts at once, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from gliobench.domain.geometry import FloatArray
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.estimate import NO_STUDY, Measured
from gliobench.domain.statistics.ratios import ratio
from gliobench.domain.statistics.sampling import SamplingPlan

RESAMPLES = 1000
"""Replicates behind the intervals of a single run's means."""


def weighted_mean(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Average columns of numbers, such as errors in mm or squared errors of probabilities.

    Args:
        weights: (R, N).
        values: (N, M); NaN is left out of its column's mean.

    Returns:
        (R, M); NaN where nothing is left.
    """
    there = ~np.isnan(values)
    totals = weights @ np.where(there, values, 0.0)
    return ratio(totals, weights @ there.astype(np.float64))


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
        lambda weights: weighted_mean(weights, column),
        SamplingPlan.of(patients),
        replicates=RESAMPLES,
        seed=seed,
    )
    return replicates.percentile()[0]
