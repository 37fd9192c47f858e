"""Wilcoxon's signed-rank test: two-sided with the Hodges–Lehmann shift, one-sided in many cohorts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import (
    LEVEL,
    NO_STUDY,
    Estimate,
    Interval,
    NotEstimable,
    two_sided_z,
)
from gliobench.domain.statistics.sampling import Indices

EXACT_UP_TO = 100
"""Pairs, for the p those that differ, up to which ranks are counted out; beyond, the normal
distribution differs by nothing that is printed. Counting takes a million numbers or so, however
many pairs do not differ."""


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Differences of pairs, ranked.

    Args:
        shift: Hodges and Lehmann's: the median of the means of any two differences.
        n_different: Pairs that differ at all.
        n_above: Those of them whose difference is positive.
        p: Two-sided, of differences that lie evenly about zero.
    """

    shift: Estimate
    n_different: int
    n_above: int
    p: float

    @property
    def side(self) -> int:
        """1 or -1, where the shift and most of the pairs that differ lie; 0 where they disagree."""
        most = 2 * self.n_above - self.n_different
        agree = self.shift.value * most > 0
        return (1 if most > 0 else -1) if agree else 0


def signed_rank(differences: FloatArray) -> SignedRank | NotEstimable:
    """Test and estimate a shift by Wilcoxon's signed ranks.

    Zero differences are ranked and count to neither side (Pratt), because studies on which both backends
    fail alike are no evidence for either. Ties share their ranks. The p is exact where at most
    `EXACT_UP_TO` differ. The interval assumes ranks without ties; with ties it is conservative.

    Args:
        differences: (N,) finite, e.g. errors in mm of one backend minus the other's.

    Returns:
        Not estimable without pairs. No interval where there are too few pairs for the level: fewer
        than 6 at 95 %.

    Raises:
        InvalidInputError: A difference is not finite.

    Source: Hollander & Wolfe, "Nonparametric statistical methods", 1999, chapter 3; Pratt, JASA
        1959.
    """
    if not np.isfinite(differences).all():
        raise InvalidInputError("a difference is not finite")
    if not differences.size:
        return NO_STUDY
    n, ordered = len(differences), np.sort(differences)
    means = n * (n + 1) // 2
    middle = [_mean_of_rank(ordered, rank) for rank in {(means + 1) // 2, means // 2 + 1}]
    return SignedRank(
        shift=Estimate(sum(middle) / len(middle), _interval(ordered), n=n),
        n_different=int(np.count_nonzero(differences)),
        n_above=int(np.count_nonzero(differences > 0)),
        p=_p(differences),
    )


def one_sided(differences: FloatArray, there: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Test in R cohorts, by the normal distribution, whether differences lie above or below zero.

    Zero differences are left out; ties share their ranks, and the variance is reduced for them; the
    statistic is corrected for continuity: `wilcox.test(exact = FALSE)` of R.

    Args:
        differences: (N,) finite.
        there: (R, N) float64, 1.0 where a cohort has a pair and 0.0 elsewhere.

    Returns:
        Two (R,), the p of "above" and of "below"; 1.0 where no pair differs.
    """
    order = np.flatnonzero(differences)
    order = order[np.argsort(np.abs(differences[order]), kind="stable")]
    if not order.size:
        return np.ones(len(there)), np.ones(len(there))
    sizes = np.take(there, order, axis=1)
    above = sizes * (differences[order] > 0)
    starts = np.flatnonzero(np.diff(np.abs(differences[order]), prepend=-1.0))
    if len(starts) < len(order):
        sizes, above = (np.add.reduceat(item, starts, axis=1) for item in (sizes, above))
    last = np.cumsum(sizes, axis=1)
    n = last[:, -1]
    ranked = np.einsum("rg,rg->r", above, last - (sizes - 1) / 2)
    ties = np.einsum("rg,rg,rg->r", sizes, sizes, sizes) - n
    spread = np.sqrt(np.where(n > 0, n * (n + 1) * (2 * n + 1) / 24 - ties / 48, np.inf))
    from_middle = ranked - n * (n + 1) / 4
    greater, less = (ndtr((0.5 - side) / spread) for side in (from_middle, -from_middle))
    return np.where(n > 0, greater, 1.0), np.where(n > 0, less, 1.0)


def _p(differences: FloatArray) -> float:
    different = differences[differences != 0]
    if not len(different):
        return 1.0
    _, place, ties = np.unique(np.abs(different), return_inverse=True, return_counts=True)
    # twice the mean rank of each group of ties, an integer; all zeros rank below
    ranks, below = (2 * np.cumsum(ties) - ties + 1)[place], 2 * (len(differences) - len(different))
    total = int((ranks + below).sum())
    from_middle = abs(2 * int((ranks + below)[different > 0].sum()) - total)
    if len(ranks) > EXACT_UP_TO:
        spread = np.sqrt(float(((ranks + below).astype(float) ** 2).sum()))
        return float(2 * ndtr(-from_middle / spread))
    sums, chances = _sums_above(below, ranks)
    return min(1.0, float(chances[np.abs(2 * sums - total) >= from_middle].sum()))


def _sums_above(below: int, ranks: Indices) -> tuple[Indices, FloatArray]:
    """Return the possible sums of ranks, each included with probability 1/2, with their probabilities.

    All ranks are raised by `below`, the number of zeros. Many sums may be impossible then; lower ranks
    that still identify the number of included ones give the same probabilities for fewer sums.
    """
    lower = min(below, int(ranks.sum()) + 1)
    chances = _chances_of_sums(ranks + lower)
    sums = np.arange(len(chances))
    return sums + (sums // lower * (below - lower) if lower else 0), chances


def _interval(ordered: FloatArray) -> Interval | NotEstimable:
    """Exclude as many of the Walsh averages at each end as the test would reject."""
    z, n = two_sided_z(LEVEL), len(ordered)
    means = n * (n + 1) // 2
    if n <= EXACT_UP_TO:
        below = np.cumsum(_chances_of_sums(np.arange(1, n + 1)))
        first = int(np.searchsorted(below, (1 - LEVEL) / 2, side="right"))
    else:
        first = int(means / 2 - z * np.sqrt(means * (2 * n + 1) / 12))
    if first < 1:
        return NotEstimable(f"{n} pairs are too few for an interval at {LEVEL:.0%}")
    low, high = (_mean_of_rank(ordered, rank) for rank in (first, means + 1 - first))
    return Interval(low, high)


def _chances_of_sums(ranks: Indices) -> FloatArray:
    """Return the probability of each sum, from 0 on, of ranks included with probability 1/2."""
    chances = np.ones(1)
    for rank in ranks:
        taken, chances = np.pad(chances, (rank, 0)), np.pad(chances, (0, rank))
        chances += taken
        chances /= 2
    return chances


def _mean_of_rank(ordered: FloatArray, rank: int) -> float:
    """Find the Walsh average that is `rank`th from below.

    The averages are counted, not listed: a million differences have half a trillion.
    """
    scale = float(np.abs(ordered[[0, -1]]).max())
    if scale == 0:
        return 0.0
    low, high = float(ordered[0]) - 1e-12 * scale, float(ordered[-1])
    while high - low > 1e-12 * scale:
        middle = (low + high) / 2
        if _means_up_to(ordered, middle) >= rank:
            high = middle
        else:
            low = middle
    # the first average above `low` itself: an end that is 0 must be exactly 0
    partner = np.searchsorted(ordered, 2 * low - ordered, side="right")
    there = partner < len(ordered)
    return float((ordered[there] + ordered[partner[there]]).min() / 2)


def _means_up_to(ordered: FloatArray, bound: float) -> int:
    pairs = int(np.searchsorted(ordered, 2 * bound - ordered, side="right").sum())
    alone = int(np.searchsorted(ordered, bound, side="right"))
    return (pairs + alone) // 2
