"""Detectable differences: the smallest that a test finds with a given power."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import hypot

import numpy as np
from scipy.special import bdtr, gammaln, ndtr, ndtri, owens_t, xlog1py, xlogy

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import (
    NO_STUDY,
    Estimate,
    Measured,
    NotEstimable,
    two_sided_z,
)

POWER = 0.8
"""Probability of detection."""
ALPHA = 0.05
"""Two-sided level of the tests."""


def detectable_accuracy_difference(*, n: int, discordance: float) -> float | NotEstimable:
    """Find the smallest difference of accuracies that the exact McNemar test detects.

    This is the permutation test of accuracy as the primary endpoint.

    Args:
        n: Studies that both backends answer.
        discordance: Share of them, in (0, 1], that only one backend has right.

    Returns:
        In (0, discordance]. Not estimable where even the largest difference, with one backend always
        right, would be missed too often.

    Raises:
        InvalidInputError: A share lies outside its range, or n is negative.
    """
    if n < 0 or not 0 < discordance <= 1:
        raise InvalidInputError(f"discordance of {discordance} in {n} studies: wanted (0, 1]")
    if n == 0:
        return NO_STUDY
    count, chance = _counts(n, discordance)
    rejected = _rejected_up_to(count)

    def found(difference: float) -> float:
        first = (1 + difference / discordance) / 2
        wins = _up_to(rejected, count, first) + _up_to(rejected, count, 1 - first)
        return float(chance @ wins)

    return _smallest(found, most=discordance)


def detectable_auroc_difference(
    *,
    n_hgg: int,
    n_lgg: int,
    auroc: float,
    correlation: float,
) -> float | NotEstimable:
    """Find the smallest loss of AUROC that DeLong's paired test detects.

    Args:
        n_hgg: Studies of HGG.
        n_lgg: Studies of LGG.
        auroc: Of the better backend, in (0.5, 1).
        correlation: Of the two areas, in [-1, 1); 0 for independent backends.

    Returns:
        In (0, auroc - 0.5]. Not estimable where even an AUROC of 0.5 would be detected too rarely.

    Raises:
        InvalidInputError: A number lies outside its range.

    Source: Hanley & McNeil, Radiology 1983; with the variance of normal scores, Obuchowski &
        McClish, Stat Med 1997.
    """
    if not (0.5 < auroc < 1 and -1 <= correlation < 1):
        raise InvalidInputError(
            f"AUROC {auroc}, correlation {correlation}: wanted (0.5, 1) and [-1, 1)"
        )
    if min(n_hgg, n_lgg) < 2:
        return NotEstimable("a grade has fewer than two studies")
    z, better = two_sided_z(1 - ALPHA), _standard_error(auroc, n_hgg, n_lgg)

    def found(difference: float) -> float:
        worse = _standard_error(auroc - difference, n_hgg, n_lgg)
        error = np.sqrt(better**2 + worse**2 - 2 * correlation * better * worse)
        return float(ndtr(difference / error - z) + ndtr(-difference / error - z))

    return _smallest(found, most=auroc - 0.5)


def detectable_subgroup_difference(
    own: Measured, others: Sequence[Measured]
) -> float | NotEstimable:
    """Find the smallest difference of a subgroup from the others together that a test detects.

    By the normal approximation, with the standard errors that the intervals' widths imply; the others
    are weighted by their studies.

    Args:
        own: The subgroup's estimate.
        others: Those of the other subgroups; those without an interval are left out.

    Returns:
        > 0. Not estimable where the subgroup, or all of the others, have no interval.
    """
    mine = _standard_error_of(own)
    rest = [
        (item.n, error)
        for item in others
        if isinstance(item, Estimate) and (error := _standard_error_of(item)) is not None
    ]
    if mine is None or not rest:
        return NotEstimable("there are not two subgroups with an interval")
    total = sum(n for n, _ in rest)
    theirs = hypot(*(n / total * error for n, error in rest))
    return float(two_sided_z(1 - ALPHA) + ndtri(POWER)) * hypot(mine, theirs)


def _standard_error_of(measured: Measured) -> float | None:
    """Return the standard error that an interval's width implies; None without one."""
    if isinstance(measured, NotEstimable) or isinstance(measured.interval, NotEstimable):
        return None
    spread = measured.interval
    return (spread.high - spread.low) / (2 * two_sided_z(spread.level))


def _smallest(found: Callable[[float], float], *, most: float) -> float | NotEstimable:
    """Bisect for the difference that is found often enough."""
    if found(most) < POWER:
        return NotEstimable(f"even a difference of {most:.2f} would be missed too often")
    low, high = 0.0, most
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (low, middle) if found(middle) >= POWER else (middle, high)
    return high


def _counts(n: int, share: float) -> tuple[FloatArray, FloatArray]:
    """List the probable counts of n draws, with their probabilities."""
    spread = 8 * np.sqrt(n * share * (1 - share)) + 1
    low, high = max(0, int(n * share - spread)), min(n, int(n * share + spread) + 1)
    count = np.arange(low, high + 1, dtype=np.float64)
    ways = gammaln(n + 1) - gammaln(count + 1) - gammaln(n - count + 1)
    return count, np.exp(ways + xlogy(count, share) + xlog1py(n - count, -share))


def _rejected_up_to(count: FloatArray) -> FloatArray:
    """Return the largest number of wins of the loser that the exact test rejects; -1 for none."""
    low, high = np.full_like(count, -1), np.floor(count / 2)
    while (low < high).any():
        middle = np.ceil((low + high) / 2)
        rejects = 2 * _up_to(middle, count, 0.5) <= ALPHA
        low, high = np.where(rejects, middle, low), np.where(rejects, high, middle - 1)
    return low


def _up_to(wins: FloatArray, count: FloatArray, share: float) -> FloatArray:
    """Return the probability of at most so many wins; 0.0 where `wins` is negative."""
    return np.where(wins < 0, 0.0, bdtr(np.maximum(wins, 0), count.astype(np.int64), share))


def _standard_error(auroc: float, n_hgg: int, n_lgg: int) -> float:
    """Assume normal scores of equal variance in both grades."""
    apart = ndtri(auroc)
    # probability that one study is ranked correctly against two of the other grade
    both = auroc - 2 * owens_t(apart, 1 / np.sqrt(3))
    spread = (n_hgg + n_lgg - 2) * (both - auroc**2)
    return float(np.sqrt((auroc * (1 - auroc) + spread) / (n_hgg * n_lgg)))
