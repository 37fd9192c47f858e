"""Means of many drawn cohorts at once, and how sure a mean is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry import FloatArray
from gliobench.domain.statistics.bootstrap import resample
from gliobench.domain.statistics.estimate import NO_STUDY, Measured
from gliobench.domain.statistics.ratios import ratio
from gliobench.domain.statistics.sampling import Indices, SamplingPlan

RESAMPLES = 1000
"""Replicates behind the intervals of a single run's means."""


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
        whose = [patterns.setdefault(one.tobytes(), len(patterns)) for one in missing.T]
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


def bootstrap_mean(
    *, values: Sequence[float], patients: Sequence[Hashable], seed: int = 0
) -> Measured:
    """Estimate a mean with a percentile bootstrap that draws patients, not studies.

    Args:
        values: One a study; NaN is left out, with its patient.
        patients: Whose study it is, in the same order.
        seed: The same seed, values and patients give the same interval.

    Returns:
        Not estimable without studies; no interval where there are fewer than two patients, or all
        values are the same.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    column = np.asarray(values, dtype=np.float64)
    return bootstrap_means([column], patients=patients, seed=seed)[0]


def bootstrap_means(
    columns: Sequence[FloatArray], *, patients: Sequence[Hashable], seed: int = 0
) -> tuple[Measured, ...]:
    """Estimate many means of the same studies, each as `bootstrap_mean` would alone.

    Columns that are there for the same studies share their draws, which take longer than the means.

    Args:
        columns: (N,) each; NaN is left out of its column's mean, with its patient.
        patients: Whose study it is.
        seed: Of the draws.
    """
    alike: dict[bytes, list[int]] = {}
    for at, values in enumerate(columns):
        alike.setdefault(np.isnan(values).tobytes(), []).append(at)
    found: list[Measured] = [NO_STUDY] * len(columns)
    for members in alike.values():
        known = np.flatnonzero(~np.isnan(columns[members[0]]))
        if not known.size:
            continue
        values = np.column_stack([columns[at][known] for at in members])
        plan = SamplingPlan.of([patients[at] for at in known.tolist()])
        drawn = resample(MeasuredValues.of(values).means, plan, replicates=RESAMPLES, seed=seed)
        for at, measured in zip(members, drawn.percentile(), strict=True):
            found[at] = measured
    return tuple(found)
