"""How sure a number is: a value with its 95 % interval and its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution."""
RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value.

    Args:
        value: None where it cannot be estimated.
        low: Lower end of its 95 % interval; None where no interval is given.
        high: Upper end, likewise.
        n: Observations behind it.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


NOTHING = Estimate(value=None, low=None, high=None, n=0)


def without_interval(value: float | None, *, n: int) -> Estimate:
    """Report a value alone."""
    return Estimate(value=value, low=None, high=None, n=n)


def wilson(*, successes: int, n: int) -> Estimate:
    """Estimate a proportion with Wilson's score interval.

    Returns:
        No value and no interval where n is 0; the interval stays inside [0, 1].

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
        JASA 1927.
    """
    if n == 0:
        return NOTHING
    share = successes / n
    shrink = 1 + Z_95**2 / n
    middle = (share + Z_95**2 / (2 * n)) / shrink
    reach = Z_95 / shrink * np.sqrt(share * (1 - share) / n + Z_95**2 / (4 * n**2))
    low, high = max(0.0, float(middle - reach)), min(1.0, float(middle + reach))
    return Estimate(value=share, low=low, high=high, n=n)


def mean_of_proportions(first: Estimate, second: Estimate) -> Estimate:
    """Estimate the mean of two independent proportions, such as the balanced accuracy.

    The interval is recovered from those of the two (MOVER), so that it stays honest where one of
    them is 0 or 1, and a bootstrap would resample no doubt at all.

    Args:
        first: A proportion with its Wilson interval.
        second: Another one, of other studies.

    Returns:
        No value where either has none; the interval stays inside [0, 1].

    Source: Newcombe, "Interval estimation for the difference between independent proportions",
        Stat Med 1998; Zou & Donner, Stat Med 2008.
    """
    parts = [(part.value, part.low, part.high) for part in (first, second)]
    known = [(p, low, high) for p, low, high in parts if None not in (p, low, high)]
    if len(known) < 2:
        return NOTHING
    value, low, high = np.array(known, dtype=np.float64).T
    middle = float(value.mean())
    return Estimate(
        value=middle,
        low=max(0.0, middle - float(np.hypot(*(value - low))) / 2),
        high=min(1.0, middle + float(np.hypot(*(high - value))) / 2),
        n=first.n + second.n,
    )


def bootstrap_mean(*, values: Sequence[float], patients: Sequence[str], seed: int = 0) -> Estimate:
    """Estimate a mean with a percentile bootstrap that draws patients, not studies.

    Args:
        values: One a study, finite.
        patients: Whose study it is, in the same order.
        seed: The same seed, values and patients give the same interval.

    Returns:
        No value where there is none; no interval where there are fewer than two patients.

    Source: Efron & Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.
    """
    if not values:
        return NOTHING
    mean, n = float(np.mean(values)), len(values)
    names, patient = np.unique(np.asarray(patients), return_inverse=True)
    if len(names) < 2:
        return without_interval(mean, n=n)
    totals = np.bincount(patient, weights=np.asarray(values, dtype=np.float64))
    sizes = np.bincount(patient)
    draws = np.random.default_rng(seed).multinomial(
        len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES
    )
    low, high = np.percentile((draws @ totals) / (draws @ sizes), (2.5, 97.5))
    return Estimate(value=mean, low=float(low), high=float(high), n=n)
