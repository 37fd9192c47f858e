"""AUROC and AUPRC of many bootstrap cohorts at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import Rankings, auroc
from gliobench.domain.statistics.sampling import Indices


@dataclass(frozen=True, slots=True, eq=False)
class RankedStudies:
    """One backend's scores of N studies, sorted once for all draws.

    Args:
        order: (N,) the studies, the lowest score first.
        hgg: (N,) float64, 1.0 for HGG, in that order.
        starts: (G,) where each distinct score begins.
    """

    order: Indices
    hgg: FloatArray
    starts: Indices

    @classmethod
    def of(cls, *, reference: BoolArray, score: FloatArray) -> RankedStudies:
        """Sort.

        Args:
            reference: (N,) bool, True for HGG.
            score: (N,) P(HGG), or any number that rises with it.

        Raises:
            InvalidInputError: The shapes differ, there is no study, or a score is NaN.
        """
        if reference.shape != score.shape or not score.size or np.isnan(score).any():
            raise InvalidInputError(
                f"{reference.shape} references, scores {score.shape}: wanted as many, and no NaN"
            )
        order = np.argsort(score, kind="stable")
        starts = np.flatnonzero(np.diff(score[order], prepend=np.nan))
        return cls(order, reference[order].astype(np.float64), starts)

    def rankings(self, weights: FloatArray) -> Rankings:
        """Rank R cohorts; `weights` is (R, N)."""
        every = np.take(weights, self.order, axis=1)  # four times as fast as an index
        hgg = every * self.hgg
        every -= hgg
        if len(self.starts) == len(self.order):
            return Rankings(hgg=hgg, lgg=every)
        summed = (np.add.reduceat(item, self.starts, axis=1) for item in (hgg, every))
        return Rankings(*summed)

    def pulls(self, slopes: Callable[[Rankings], Rankings]) -> FloatArray:
        """Differentiate an area by each study's weight, (N,), given its `slopes` at each score."""
        found = slopes(self.rankings(np.ones((1, len(self.order)))))
        ties = np.diff(self.starts, append=len(self.order))
        hgg, lgg = (np.repeat(item[0], ties) for item in (found.hgg, found.lgg))
        pulls = np.empty(len(self.order))
        pulls[self.order] = np.where(self.hgg > 0, hgg, lgg)
        return pulls


def area_under_roc(*, reference: BoolArray, score: FloatArray) -> float:
    """Return the `auroc` of a cohort of both grades, by any score that rises with P(HGG)."""
    ranked = RankedStudies.of(reference=reference, score=score)
    return float(auroc(ranked.rankings(np.ones((1, len(score))))).item())
