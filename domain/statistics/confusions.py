"""Grades of many drawn cohorts at once: confusion matrices by one product of matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.ratios import ratio


@dataclass(frozen=True, slots=True, eq=False)
class Confusions:
    """Confusion matrices of B backends in R cohorts; every array is (R, B).

    Rates are those of `metrics.classification.ConfusionMatrix`, NaN where that gives None.

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
    def sensitivity(self) -> FloatArray:
        """Share of HGG that is found."""
        return ratio(self.true_positive, self.true_positive + self.false_negative)

    @property
    def specificity(self) -> FloatArray:
        """Share of LGG that is found."""
        return ratio(self.true_negative, self.true_negative + self.false_positive)

    @property
    def ppv(self) -> FloatArray:
        """Share of predicted HGG that is right."""
        return ratio(self.true_positive, self.true_positive + self.false_positive)

    @property
    def npv(self) -> FloatArray:
        """Share of predicted LGG that is right."""
        return ratio(self.true_negative, self.true_negative + self.false_negative)

    @property
    def f1_hgg(self) -> FloatArray:
        """Harmonic mean of sensitivity and PPV."""
        return ratio(2 * self.true_positive, 2 * self.true_positive + self._wrong)

    @property
    def f1_lgg(self) -> FloatArray:
        """Harmonic mean of specificity and NPV."""
        return ratio(2 * self.true_negative, 2 * self.true_negative + self._wrong)

    @property
    def accuracy(self) -> FloatArray:
        """Share of studies graded right."""
        right = self.true_positive + self.true_negative
        return ratio(right, right + self._wrong)

    @property
    def balanced_accuracy(self) -> FloatArray:
        """Mean of sensitivity and specificity."""
        return (self.sensitivity + self.specificity) / 2

    @property
    def mcc(self) -> FloatArray:
        """Matthews correlation; 0.0 where one grade is predicted for all."""
        hgg = self.true_positive + self.false_negative
        lgg = self.true_negative + self.false_positive
        called_hgg = self.true_positive + self.false_positive
        called_lgg = self.true_negative + self.false_negative
        right = self.true_positive * self.true_negative
        wrong = self.false_positive * self.false_negative
        spread = np.sqrt(hgg * lgg) * np.sqrt(called_hgg * called_lgg)
        one_called = (called_hgg == 0) | (called_lgg == 0)
        found = ratio(np.where(one_called, 0.0, right - wrong), np.where(one_called, 1.0, spread))
        return np.where((hgg == 0) | (lgg == 0), np.nan, found)

    @property
    def _wrong(self) -> FloatArray:
        return self.false_negative + self.false_positive


@dataclass(frozen=True, slots=True, eq=False)
class CalledGrades:
    """What B backends called N studies, laid out once for all draws.

    Args:
        cells: (N, 4 · B) float64, 1.0 where a study falls into a cell of a backend's matrix.
    """

    cells: FloatArray

    @classmethod
    def of(
        cls, *, reference: BoolArray, called_hgg: BoolArray, answered: BoolArray | None = None
    ) -> CalledGrades:
        """Lay out answers.

        Args:
            reference: (N,) bool, True for HGG.
            called_hgg: (N, B) bool, each backend's answers.
            answered: (N, B) bool, which of them count; None for all.

        Raises:
            InvalidInputError: The shapes do not fit.
        """
        shape = called_hgg.shape
        if len(shape) != 2 or shape[0] != len(reference):
            raise InvalidInputError(f"answers have shape {shape}: wanted ({len(reference)}, B)")
        if answered is not None and answered.shape != shape:
            raise InvalidInputError(f"answered has shape {answered.shape}: wanted {shape}")
        hgg, counts = reference[:, None], True if answered is None else answered
        cells = (hgg & called_hgg, hgg & ~called_hgg, ~hgg & called_hgg, ~hgg & ~called_hgg)
        return cls(np.hstack([cell & counts for cell in cells]).astype(np.float64))

    def confusions(self, weights: FloatArray) -> Confusions:
        """Count R cohorts; `weights` is (R, N)."""
        tp, fn, fp, tn = np.split(weights @ self.cells, 4, axis=1)
        return Confusions(true_positive=tp, false_negative=fn, false_positive=fp, true_negative=tn)
