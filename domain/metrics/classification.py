"""How well grades are told: counts, rates, and the quality of the probabilities behind them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class ConfusionMatrix:
    """Reference grades against predicted ones; HGG is positive.

    A rate over no studies is None: sensitivity where the reference has no HGG, PPV where none is
    predicted, F1 of a grade that is in neither.

    Args:
        true_positive: HGG predicted as HGG.
        false_negative: HGG predicted as LGG.
        false_positive: LGG predicted as HGG.
        true_negative: LGG predicted as LGG.

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
        """Count pairs of grades; a failure is to be counted by the caller, as the wrong grade.

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

    @property
    def sensitivity(self) -> float | None:
        """Share of HGG that is found."""
        return _share(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> float | None:
        """Share of LGG that is found."""
        return _share(self.true_negative, self.true_negative + self.false_positive)

    @property
    def ppv(self) -> float | None:
        """Share of predicted HGG that is right."""
        return _share(self.true_positive, self.true_positive + self.false_positive)

    @property
    def npv(self) -> float | None:
        """Share of predicted LGG that is right."""
        return _share(self.true_negative, self.true_negative + self.false_negative)

    @property
    def f1_hgg(self) -> float | None:
        """Harmonic mean of sensitivity and PPV; 0.0 where HGG occurs and none is found."""
        return _share(2 * self.true_positive, 2 * self.true_positive + self._wrong)

    @property
    def f1_lgg(self) -> float | None:
        """Harmonic mean of specificity and NPV; 0.0 where LGG occurs and none is found."""
        return _share(2 * self.true_negative, 2 * self.true_negative + self._wrong)

    @property
    def accuracy(self) -> float | None:
        """Share of studies graded right; None without studies."""
        right = self.true_positive + self.true_negative
        return _share(right, right + self._wrong)

    @property
    def balanced_accuracy(self) -> float | None:
        """Mean of sensitivity and specificity; None where the reference has one grade only."""
        if self.sensitivity is None or self.specificity is None:
            return None
        return (self.sensitivity + self.specificity) / 2

    @property
    def mcc(self) -> float | None:
        """Matthews correlation in [-1, 1]; None where the reference has one grade only.

        0.0 where one grade is predicted for all, its limit there.

        Source: Chicco and Jurman, BMC Genomics 2020.
        """
        hgg = self.true_positive + self.false_negative
        lgg = self.true_negative + self.false_positive
        if not hgg or not lgg:
            return None
        called_hgg = self.true_positive + self.false_positive
        called_lgg = self.true_negative + self.false_negative
        if not called_hgg or not called_lgg:
            return 0.0
        right = self.true_positive * self.true_negative
        wrong = self.false_positive * self.false_negative
        return (right - wrong) / sqrt(hgg * lgg * called_hgg * called_lgg)

    @property
    def _wrong(self) -> int:
        return self.false_negative + self.false_positive


def auroc(*, reference: BoolArray, probability: FloatArray) -> float | None:
    """Estimate how often an HGG gets a higher probability than an LGG; a tie counts half.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].

    Returns:
        In [0, 1]; None where the reference has one grade only, or no study.

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    hgg, lgg = counts_by_probability(reference, probability)
    if not hgg.any() or not lgg.any():
        return None
    lgg_below = np.cumsum(lgg) - lgg
    return float(hgg @ (lgg_below + lgg / 2) / (hgg.sum() * lgg.sum()))


def auprc(*, reference: BoolArray, probability: FloatArray) -> float | None:
    """Estimate the area under precision over recall as average precision, step by step.

    Studies of equal probability enter together. Prevalence is the value of a constant guess.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].

    Returns:
        In [0, 1]; None where the reference has one grade only, or no study.

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    hgg, lgg = counts_by_probability(reference, probability)
    if not hgg.any() or not lgg.any():
        return None
    found = np.cumsum(hgg[::-1])
    precision = found / np.cumsum((hgg + lgg)[::-1])
    return float(hgg[::-1] @ precision / hgg.sum())


def brier(*, reference: BoolArray, probability: FloatArray) -> float | None:
    """Average the squared distance of the probability from the truth; lower is better.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].

    Returns:
        In [0, 1]; None without studies. One grade only is no hindrance.

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    _check(reference, probability)
    return float(np.mean((probability - reference) ** 2)) if reference.size else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def counts_by_probability(
    reference: BoolArray, probability: FloatArray
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Count HGG and LGG at each distinct probability, in rising order of it."""
    _check(reference, probability)
    _, rank = np.unique(probability, return_inverse=True)
    ranks = int(rank.max(initial=-1)) + 1
    hgg = np.bincount(rank[reference], minlength=ranks)
    lgg = np.bincount(rank[~reference], minlength=ranks)
    return hgg, lgg


def _check(reference: BoolArray, probability: FloatArray) -> None:
    if reference.dtype != np.bool_ or reference.ndim != 1 or reference.shape != probability.shape:
        raise InvalidInputError(
            f"reference is {reference.dtype} {reference.shape}, probability {probability.shape}: "
            "wanted bool (N,) and (N,)"
        )
    if not ((probability >= 0.0) & (probability <= 1.0)).all():
        raise InvalidInputError("a probability is not in [0, 1]")
