"""Ranks of several backends on the same studies by four methods, for many bootstrap cohorts at once.

Values equal those of challengeR 1.0.5, the toolkit of the challenges.

Source: Wiesenfarth et al., "Methods and open-source toolkit for analyzing and visualizing challenge
    results", Sci Rep 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import combinations

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.statistics.estimate import LEVEL
from gliobench.domain.statistics.sampling import Indices
from gliobench.domain.statistics.wilcoxon import one_sided

ALIKE = 12
"""Decimals to which values have to agree for a shared rank."""


class RankMethod(str, Enum):
    """How scores of single studies become ranks."""

    MEAN = "mean"
    """By the mean score."""
    MEDIAN = "median"
    """By the median score."""
    MEAN_RANK = "mean rank"
    """By the mean of the ranks within each study."""
    TESTS_WON = "tests won"
    """By the share of the others that a one-sided Wilcoxon test finds worse."""


@dataclass(frozen=True, slots=True, eq=False)
class RankedScores:
    """Scores of A backends on the same N studies.

    `weights` of its methods are (R, N), how often each study is drawn into each of R cohorts.

    Args:
        scores: (N, A), larger is better.
        importance: (N,) > 0, how much a study counts in means and mean ranks.

    Raises:
        InvalidInputError: There is no study, a score is NaN, or the shapes do not fit.
    """

    scores: FloatArray
    importance: FloatArray

    @classmethod
    def of(cls, scores: FloatArray, importance: FloatArray | None = None) -> RankedScores:
        """Take scores, (N, A); each study counts the same where no importance is given."""
        return cls(scores, np.ones(len(scores)) if importance is None else importance)

    def __post_init__(self) -> None:
        shape = self.scores.shape
        if len(shape) != 2 or not shape[0] or self.importance.shape != shape[:1]:
            raise InvalidInputError(
                f"scores {shape}, importance {self.importance.shape}: wanted (N, A) and (N,)"
            )
        if np.isnan(self.scores).any():
            raise InvalidInputError("a score is NaN: give what is missing the worst score")

    def ranks(self, method: RankMethod, weights: FloatArray) -> Indices:
        """Rank the backends in each cohort, (R, A): 1 is the best, equal values share the better rank."""
        if method is RankMethod.MEAN_RANK:
            return ranks(-self.mean_ranks(weights))
        found = {
            RankMethod.MEAN: self.means,
            RankMethod.MEDIAN: self.medians,
            RankMethod.TESTS_WON: self.tests_won,
        }
        return ranks(found[method](weights))

    def means(self, weights: FloatArray) -> FloatArray:
        """Average the scores, (R, A)."""
        shares = weights * self.importance
        return np.asarray(shares @ self.scores / shares.sum(axis=1, keepdims=True))

    def pulls(self) -> FloatArray:
        """Differentiate the means by each study's weight, (N, A)."""
        shares = self.importance[:, None] / self.importance.sum()
        return np.asarray(shares * (self.scores - self.means(np.ones((1, len(shares))))))

    def medians(self, weights: FloatArray) -> FloatArray:
        """Take the medians of the scores, (R, A), of an even number the mean of the middle two."""
        n = weights.sum(axis=1)
        columns = []
        for scores in self.scores.T:
            order = np.argsort(scores, kind="stable")
            below = np.cumsum(np.take(weights, order, axis=1), axis=1)
            middle = ((below < k[:, None]).sum(axis=1) for k in ((n + 1) // 2, n // 2 + 1))
            columns.append(sum(scores[order[at]] for at in middle) / 2)
        return np.column_stack(columns)

    def mean_ranks(self, weights: FloatArray) -> FloatArray:
        """Average the ranks within each study, (R, A).

        As in challengeR, the m copies of a study in a cohort are ranked together, so that rank r of the
        study becomes m · (r − 1) + 1: studies drawn more often count more than their share.
        """
        shares = weights * self.importance
        above = ranks(self.scores) - 1
        sums = (shares * weights) @ above
        return np.asarray(1 + sums / shares.sum(axis=1, keepdims=True))

    def tests_won(self, weights: FloatArray) -> FloatArray:
        """Count the others that each backend is better than by a one-sided test, as a share, (R, A).

        As in challengeR: each distinct study of a cohort is used once, Wilcoxon's test takes the normal
        distribution with a correction for continuity, at 5 %, uncorrected for the number of tests.
        """
        n_arms, there = self.scores.shape[1], (weights > 0).astype(np.float64)
        won = np.zeros((len(weights), n_arms))
        for one, other in combinations(range(n_arms), 2):
            apart = np.round(self.scores[:, one] - self.scores[:, other], ALIKE)
            above, below = one_sided(apart * self.importance, there)
            won[:, one] += above <= 1 - LEVEL
            won[:, other] += below <= 1 - LEVEL
        return np.asarray(won / max(1, n_arms - 1))


def ranks(values: FloatArray) -> Indices:
    """Rank the values of each row, (R, A): 1 is the largest, equal values share the better rank."""
    return row_ranks(np.round(-values, ALIKE))


def kendall_tau_b(drawn: Indices, observed: Indices) -> FloatArray:
    """Correlate the ranks of each cohort with those observed, by Kendall's τ-b.

    Args:
        drawn: (R, A) ranks.
        observed: (A,) ranks.

    Returns:
        (R,) in [-1, 1]; NaN where all ranks of either are equal.

    Source: Kendall, "The treatment of ties in ranking problems", Biometrika 1945.
    """
    one, other = np.triu_indices(len(observed), k=1)
    ahead = np.sign(drawn[:, one] - drawn[:, other]).astype(np.float64)
    truly = np.sign(observed[one] - observed[other]).astype(np.float64)
    sizes = (ahead**2).sum(axis=1) * (truly**2).sum()
    return ratio(ahead @ truly, np.sqrt(sizes))


def rank_shares(drawn: Indices) -> FloatArray:
    """Return how often each of A backends has each rank in R cohorts, (A, A): rows are backends."""
    n = drawn.shape[1]
    return np.array([np.bincount(ranks, minlength=n + 1)[1:] / len(drawn) for ranks in drawn.T])


def rank_intervals(drawn: Indices) -> Indices:
    """Return the ends of the central 95 % of each backend's ranks in R cohorts, (A, 2)."""
    tails = (1 - LEVEL) / 2, (1 + LEVEL) / 2
    return np.quantile(drawn, tails, axis=0, method="inverted_cdf").T.astype(np.intp)


def mean_ranks(values: FloatArray) -> FloatArray:
    """Rank (N,) values from 1, the smallest; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def row_ranks(values: FloatArray) -> Indices:
    """Rank the values of each row, (R, A): 1 is the smallest, equal values share the better rank."""
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    is_new = np.ones(values.shape, dtype=bool)
    is_new[:, 1:] = ascending[:, 1:] != ascending[:, :-1]
    first = np.maximum.accumulate(is_new * np.arange(1, values.shape[1] + 1), axis=1)
    ranks = np.empty(values.shape, dtype=np.intp)
    np.put_along_axis(ranks, order, first, axis=1)
    return ranks
