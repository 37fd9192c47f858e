"""Confusion matrices of many bootstrap cohorts at once, by one matrix product."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import Confusions

STEP = 1e-4
"""Share of a cell by which it is changed to both sides for a derivative, which is off by its square."""


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

    def pulls(self, rates: Callable[[Confusions], FloatArray]) -> FloatArray:
        """Differentiate a measure of confusion matrices by each study's weight, (N, B)."""
        counts = self.cells.sum(axis=0).reshape(4, 1, -1)
        one_cell = STEP * np.eye(4)[:, :, None]
        more, fewer = (rates(Confusions(*(counts * (1 + sign * one_cell)))) for sign in (1, -1))
        slopes = (more - fewer) / (2 * STEP * np.maximum(counts[:, 0], 1))
        return np.asarray(np.einsum("ncb,cb->nb", self.cells.reshape(-1, *slopes.shape), slopes))
