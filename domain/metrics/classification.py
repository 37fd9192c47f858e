"""Performance of grading: counts, rates, and the quality of probabilities.

Every measure has one definition here, over many cohorts at once: one cohort is a row of weights, the
bootstrap's cohorts are thousands. What a cohort leaves undefined is NaN; `statistics` puts into words
why.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.ratios import ratio
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Reference classes against predicted ones.

    Args:
        true_positive: The positive class predicted as it.
        false_negative: The positive class predicted as the other.
        false_positive: The other class predicted as the positive one.
        true_negative: The other class predicted as it.

    Raises:
        InvalidInputError: A count is negative.
    """

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    def __post_init__(self) -> None:
        if min(astuple(self)) < 0:
            raise InvalidInputError(f"{self} has a negative count")

    @classmethod
    def of(cls, *, reference: Sequence[Grade], prediction: Sequence[Grade]) -> ConfusionMatrix:
        """Count pairs of grades; the caller counts a failure, as the wrong grade.

        Raises:
            InvalidInputError: The sequences differ in length.
        """
        if len(reference) != len(prediction):
            raise InvalidInputError(
                f"{len(prediction)} predictions for {len(reference)} references"
            )
        pairs = list(zip(reference, prediction, strict=True))
        return cls(
            true_positive=pairs.count((Grade.HGG, Grade.HGG)),
            false_negative=pairs.count((Grade.HGG, Grade.LGG)),
            false_positive=pairs.count((Grade.LGG, Grade.HGG)),
            true_negative=pairs.count((Grade.LGG, Grade.LGG)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """Confusion matrices of B backends in R cohorts; every array is (R, B).

    Args:
        true_positive: Weight of HGG called HGG.
        false_negative: Weight of HGG called LGG.
        false_positive: Weight of LGG called HGG.
        true_negative: Weight of LGG called LGG.
    """

    true_positive: FloatArray
    false_negative: FloatArray
    false_positive: FloatArray
    true_negative: FloatArray

    @property
    def wrong(self) -> FloatArray:
        """Weight of the studies graded wrong."""
        return self.false_negative + self.false_positive


Counts: TypeAlias = tuple[FloatArray, FloatArray]
"""How many studies count, and of how many: their quotient is a share."""


def accuracy(found: Confusions) -> Counts:
    """Count the studies graded right, of all."""
    right = found.true_positive + found.true_negative
    return right, right + found.wrong


def sensitivity(found: Confusions) -> Counts:
    """Count the HGG that is graded HGG, of all HGG."""
    return found.true_positive, found.true_positive + found.false_negative


def specificity(found: Confusions) -> Counts:
    """Count the LGG that is graded LGG, of all LGG."""
    return found.true_negative, found.true_negative + found.false_positive


def ppv(found: Confusions) -> Counts:
    """Count the studies graded HGG that are HGG, of all graded HGG."""
    return found.true_positive, found.true_positive + found.false_positive


def npv(found: Confusions) -> Counts:
    """Count the studies graded LGG that are LGG, of all graded LGG."""
    return found.true_negative, found.true_negative + found.false_negative


def balanced_accuracy(found: Confusions) -> FloatArray:
    """Average sensitivity and specificity; NaN where the reference has one grade only."""
    return (ratio(*sensitivity(found)) + ratio(*specificity(found))) / 2


def f1_hgg(found: Confusions) -> FloatArray:
    """Take the harmonic mean of sensitivity and PPV.

    Returns:
        0.0 where HGG occurs and none is found; NaN where it is in neither reference nor answers.
    """
    return ratio(2 * found.true_positive, 2 * found.true_positive + found.wrong)


def f1_lgg(found: Confusions) -> FloatArray:
    """Take the harmonic mean of specificity and NPV; otherwise as `f1_hgg`."""
    return ratio(2 * found.true_negative, 2 * found.true_negative + found.wrong)


def mcc(found: Confusions) -> FloatArray:
    """Measure Matthews' correlation, in [-1, 1].

    Returns:
        0.0 where one grade is predicted for all, its limit there; NaN where the reference has one
        grade only.

    Source: Chicco and Jurman, BMC Genomics 2020.
    """
    hgg = found.true_positive + found.false_negative
    lgg = found.true_negative + found.false_positive
    called_hgg = found.true_positive + found.false_positive
    called_lgg = found.true_negative + found.false_negative
    right = found.true_positive * found.true_negative
    wrong = found.false_positive * found.false_negative
    spread = np.sqrt(hgg * lgg) * np.sqrt(called_hgg * called_lgg)
    one_called = (called_hgg == 0) | (called_lgg == 0)
    value = ratio(np.where(one_called, 0.0, right - wrong), np.where(one_called, 1.0, spread))
    return np.where((hgg == 0) | (lgg == 0), np.nan, value)


@dataclass(frozen=True, slots=True, eq=False)
class Rankings:
    """Weights of the studies at each of G ≥ 1 distinct scores, in rising order of it, in R cohorts.

    Args:
        hgg: (R, G) weight of HGG at each.
        lgg: (R, G) weight of LGG at each.
    """

    hgg: FloatArray
    lgg: FloatArray

    @classmethod
    def of(cls, *, reference: BoolArray, probability: FloatArray) -> Rankings:
        """Rank one cohort, R = 1.

        Args:
            reference: (N,) bool, True for HGG.
            probability: (N,) P(HGG) in [0, 1].

        Raises:
            InvalidInputError: Shapes differ, or a probability is not in [0, 1].
        """
        counts = counts_by_probability(reference, probability)
        hgg, lgg = (
            count.astype(np.float64)[None] if count.size else np.zeros((1, 1)) for count in counts
        )
        return cls(hgg=hgg, lgg=lgg)


def auroc(found: Rankings) -> FloatArray:
    """Estimate how often an HGG ranks above an LGG, a tie counting half.

    Returns:
        (R,) in [0, 1]; NaN where the reference has one grade only, or no study.
    """
    below = np.cumsum(found.lgg, axis=1)
    above = np.einsum("rg,rg->r", found.hgg, below)
    tied = np.einsum("rg,rg->r", found.hgg, found.lgg)
    return ratio(above - tied / 2, found.hgg.sum(axis=1) * below[:, -1])


def auroc_slopes(found: Rankings) -> Rankings:
    """Differentiate `auroc` by the weight of HGG and of LGG at each score; of cohorts of both grades."""
    n_hgg, n_lgg = (item.sum(axis=1, keepdims=True) for item in (found.hgg, found.lgg))
    area = auroc(found)[:, None]
    below = np.cumsum(found.lgg, axis=1) - found.lgg / 2
    above = _from_above(found.hgg) - found.hgg / 2
    return Rankings(hgg=(below / n_lgg - area) / n_hgg, lgg=(above / n_hgg - area) / n_lgg)


def auprc(found: Rankings) -> FloatArray:
    """Estimate the area under precision over recall as average precision, step by step.

    Studies of equal score enter together. Prevalence is the value of a constant guess.

    Returns:
        (R,) in [0, 1]; NaN where the reference has one grade only, or no study.
    """
    precision, called = _from_above(found.hgg), _from_above(found.lgg)
    n_hgg, n_lgg = precision[:, 0].copy(), called[:, 0].copy()
    called += precision
    # where nothing is called yet, no HGG is found either: any divisor will do
    precision /= np.maximum(called, np.finfo(np.float64).tiny, out=called)
    area = ratio(np.einsum("rg,rg->r", found.hgg, precision), n_hgg)
    return np.where(n_lgg > 0, area, np.nan)


def auprc_slopes(found: Rankings) -> Rankings:
    """Differentiate `auprc` by the weight of HGG and of LGG at each score; of cohorts of both grades.

    A study enters the precision at its own score and at all below it.
    """
    hgg, lgg = _from_above(found.hgg), _from_above(found.lgg)
    called = hgg + lgg
    n_hgg, lost = hgg[:, :1], found.hgg / called**2
    own = hgg / called - auprc(found)[:, None]
    return Rankings(
        hgg=(own + np.cumsum(lost * lgg, axis=1)) / n_hgg,
        lgg=-np.cumsum(lost * hgg, axis=1) / n_hgg,
    )


def _from_above(weights: FloatArray) -> FloatArray:
    """Sum what is at each score and above it."""
    return np.cumsum(weights[:, ::-1], axis=1)[:, ::-1]


def squared_error(*, reference: BoolArray, probability: FloatArray) -> FloatArray:
    """Square the distance of each probability from the truth; the mean is the Brier score.

    Args:
        reference: bool, True for HGG.
        probability: P(HGG) in [0, 1]; NaN where there is none.

    Returns:
        In [0, 1], of the shape that both broadcast to; lower is better.
    """
    return np.asarray((probability - reference) ** 2)


def counts_by_probability(
    reference: BoolArray, probability: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count HGG and LGG at each distinct probability, in rising order of it.

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    check_probabilities(reference, probability)
    _, rank = np.unique(probability, return_inverse=True)
    ranks = int(rank.max(initial=-1)) + 1
    hgg = np.bincount(rank[reference], minlength=ranks)
    lgg = np.bincount(rank[~reference], minlength=ranks)
    return hgg, lgg


def check_probabilities(reference: BoolArray, probability: FloatArray) -> None:
    """Refuse grades and probabilities that do not fit together.

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    if reference.dtype != np.bool_ or reference.ndim != 1 or reference.shape != probability.shape:
        raise InvalidInputError(
            f"reference is {reference.dtype} {reference.shape}, probability {probability.shape}: "
            "wanted bool (N,) and (N,)"
        )
    if not ((probability >= 0.0) & (probability <= 1.0)).all():
        raise InvalidInputError("a probability is not in [0, 1]")
