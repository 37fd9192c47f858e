"""Confidence intervals of means by closed formulas, with skewness and clustering by patient."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot

import numpy as np
from scipy.special import stdtrit

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.estimate import Estimate, Interval, NotEstimable, two_sided_z
from gliobench.domain.statistics.proportions import clopper_pearson
from gliobench.domain.statistics.sampling import Indices, renumbered

ONE_PATIENT = NotEstimable("there is one patient only")
NO_DOUBT = NotEstimable("every patient has the same value, so the variance is zero")


@dataclass(frozen=True, slots=True)
class Reach:
    """Distances of an interval's ends below and above its estimate, both ≥ 0."""

    down: float
    up: float

    def scaled(self, factor: float) -> Reach:
        """Scale it; a negative factor reverses it."""
        down, up = self.down * abs(factor), self.up * abs(factor)
        return Reach(down, up) if factor >= 0 else Reach(up, down)

    def with_(self, other: Reach) -> Reach:
        """Return the reach of a sum of two independent estimates.

        Source: Zou & Donner, "Construction of confidence limits about effect measures", Stat Med
            2008.
        """
        return Reach(hypot(self.down, other.down), hypot(self.up, other.up))

    def around(self, value: float, level: float, bounds: tuple[float, float]) -> Interval:
        """Convert it to an interval around an estimate, clipped to the possible values."""
        low, high = bounds
        return Interval(
            min(value, max(low, value - self.down)), max(value, min(high, value + self.up)), level
        )


@dataclass(frozen=True, slots=True)
class MeanSpread:
    """Standard error and skewness of a mean over patients with one or more studies each.

    Args:
        error: Standard error of the mean, over patients.
        skewness: Estimated skewness of the mean: that of the patients over √G.
        n_patients: G, two or more.

    Source: Student's t over patients (Cameron & Miller, J Hum Resour 2015); Hall, "On the removal
        of skewness by transformation", J R Stat Soc B 1992.
    """

    error: float
    skewness: float
    n_patients: int

    @classmethod
    def of(cls, values: FloatArray, patients: Indices) -> MeanSpread | NotEstimable:
        """Measure it.

        Args:
            values: (N,) finite, one a study.
            patients: (N,) whose study it is, by number.

        Returns:
            Not estimable for fewer than two patients, or where all pull the mean alike.
        """
        whose = renumbered(patients)
        pulls = np.bincount(whose, values - values.mean()) if len(values) else np.empty(0)
        count = len(pulls)
        if count < 2:
            return ONE_PATIENT
        squares = float((pulls**2).sum())
        if np.abs(pulls).max() <= 1e-12 * max(1.0, float(np.abs(values).max())):
            return NO_DOUBT
        error = float(np.sqrt(count / (count - 1) * squares)) / len(values)
        return cls(error, float((pulls**3).sum()) / squares**1.5, count)

    def reach(self, level: float) -> Reach:
        """Return, at each end, the reach of the wider of Student's and Hall's intervals.

        Student's is too short for skewed values, Hall's for two long tails.
        """
        two_sided_z(level)
        t = float(stdtrit(self.n_patients - 1, (1 + level) / 2))
        return Reach(
            self.error * max(t, self._without_skewness(t)),
            self.error * max(t, -self._without_skewness(-t)),
        )

    def _without_skewness(self, t: float) -> float:
        """Invert Hall's cubic."""
        k = self.skewness
        return t if abs(k) < 1e-9 else float(3 / k * (np.cbrt(1 + k * (t - k / 6)) - 1))


@dataclass(frozen=True, slots=True)
class FailureShare:
    """How many patients had a failure.

    Args:
        n_failed: Patients with one or more.
        n_patients: All, one or more.
    """

    n_failed: int
    n_patients: int

    @classmethod
    def of(cls, patients: Indices, failed: BoolArray) -> FailureShare:
        """Count them; `patients` are (N,) numbers and `failed` is (N,), N ≥ 1."""
        n_failed, n_all = (
            int(renumbered(item).max(initial=-1)) + 1 for item in (patients[failed], patients)
        )
        return cls(n_failed, n_all)

    def reach(self, level: float) -> Reach:
        """Return the reach of Clopper and Pearson's interval of their share."""
        share = clopper_pearson(successes=self.n_failed, n=self.n_patients, level=level)
        if not isinstance(share, Estimate) or not isinstance(share.interval, Interval):
            return Reach(0.0, 0.0)
        return Reach(share.value - share.interval.low, share.interval.high - share.value)
