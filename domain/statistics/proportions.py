"""Confidence intervals of proportions."""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import (
    LEVEL,
    NO_STUDY,
    Estimate,
    Interval,
    Measured,
    NotEstimable,
    two_sided_z,
)


def wilson(*, successes: int, n: int, level: float = LEVEL) -> Measured:
    """Estimate a proportion with Wilson's score interval, which covers its level on average.

    Returns:
        An interval inside [0, 1]; not estimable where n is 0.

    Raises:
        InvalidInputError: More successes than observations, or fewer than none.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference",
        JASA 1927.
    """
    _check(successes, n)
    if n == 0:
        return NO_STUDY
    z, share = two_sided_z(level), successes / n
    shrink = 1 + z**2 / n
    middle = (share + z**2 / (2 * n)) / shrink
    reach = z / shrink * float(np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)))
    # at 0 and 1 the ends are exact, which rounding would miss
    low = max(0.0, middle - reach) if successes else 0.0
    high = min(1.0, middle + reach) if successes < n else 1.0
    return Estimate(value=share, interval=Interval(low, high, level), n=n)


def clopper_pearson(*, successes: int, n: int, level: float = LEVEL) -> Measured:
    """Estimate a proportion with Clopper and Pearson's interval, which covers at least its level.

    Returns:
        An interval inside [0, 1]; not estimable where n is 0.

    Raises:
        InvalidInputError: More successes than observations, or fewer than none.

    Source: Clopper & Pearson, "The use of confidence or fiducial limits illustrated in the case of
        the binomial", Biometrika 1934.
    """
    _check(successes, n)
    if n == 0:
        return NO_STUDY
    two_sided_z(level)
    tail, failures = (1 - level) / 2, n - successes
    low = float(betaincinv(successes, failures + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, failures, 1 - tail)) if failures else 1.0
    return Estimate(value=successes / n, interval=Interval(low, high, level), n=n)


def mean_of_proportions(first: Measured, second: Measured) -> Measured:
    """Estimate the mean of two independent proportions, such as the balanced accuracy.

    The interval is recovered from those of the two (MOVER), and stays valid where one of them is 0 or 1,
    where a bootstrap would have zero width.

    Args:
        first: A proportion with its Wilson interval.
        second: Another one, of other studies, at the same level.

    Returns:
        Not estimable where either is not; the interval stays inside [0, 1].

    Raises:
        InvalidInputError: The intervals are of two levels.

    Source: Newcombe, "Interval estimation for the difference between independent proportions",
        Stat Med 1998; Zou & Donner, Stat Med 2008.
    """
    if isinstance(first, NotEstimable):
        return first
    if isinstance(second, NotEstimable):
        return second
    one, other = first.interval, second.interval
    if isinstance(one, NotEstimable):
        return one
    if isinstance(other, NotEstimable):
        return other
    if one.level != other.level:
        raise InvalidInputError(f"intervals at {one.level} and {other.level}: wanted one level")
    middle = (first.value + second.value) / 2
    down = float(np.hypot(first.value - one.low, second.value - other.low)) / 2
    up = float(np.hypot(one.high - first.value, other.high - second.value)) / 2
    interval = Interval(max(0.0, middle - down), min(1.0, middle + up), one.level)
    return Estimate(value=middle, interval=interval, n=first.n + second.n)


def _check(successes: int, n: int) -> None:
    if not 0 <= successes <= n:
        raise InvalidInputError(f"{successes} successes among {n}: wanted 0 to {n}")
