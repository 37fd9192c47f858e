"""ROC and precision-recall curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import counts_by_probability
from gliobench.domain.statistics.estimate import NotEstimable

CORNERS = 200
"""Corners that a curve keeps at most: more than a picture can show."""
ONE_GRADE = NotEstimable("the reference has one grade only")


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve as its corners (x, y) in [0, 1], from the strictest threshold to the laxest.

    A curve of more than `CORNERS` thresholds keeps as many of them, evenly spread.
    """

    corners: tuple[tuple[float, float], ...]


def roc_curve(*, reference: BoolArray, probability: FloatArray) -> Curve | NotEstimable:
    """Follow sensitivity over 1 - specificity, from (0, 0) to (1, 1).

    Straight lines between the corners; the area below is `metrics.classification.auroc`.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    hgg, lgg = _called_at_least(reference, probability)
    if not hgg[-1] or not lgg[-1]:
        return ONE_GRADE
    return _curve(lgg / lgg[-1], hgg / hgg[-1])


def precision_recall_curve(
    *, reference: BoolArray, probability: FloatArray
) -> Curve | NotEstimable:
    """Compute precision over sensitivity, to (1, prevalence).

    It is a step function: a sensitivity has the precision of the next corner. The area below is
    `metrics.classification.auprc`. There is no corner at sensitivity 0, without any HGG prediction.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].

    Raises:
        InvalidInputError: Shapes differ, or a probability is not in [0, 1].
    """
    hgg, lgg = (counts[1:] for counts in _called_at_least(reference, probability))
    if not hgg.size or not hgg[-1] or not lgg[-1]:
        return ONE_GRADE
    return _curve(hgg / hgg[-1], hgg / (hgg + lgg))


def _called_at_least(
    reference: BoolArray, probability: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Count the HGG and LGG predicted as HGG, by descending threshold."""
    at_each = counts_by_probability(reference, probability)
    hgg, lgg = (np.concatenate([[0.0], np.cumsum(counts[::-1])]) for counts in at_each)
    return hgg, lgg


def _curve(x: FloatArray, y: FloatArray) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, min(len(x), CORNERS)).round().astype(np.intp))
    return Curve(tuple((float(x[at]), float(y[at])) for at in kept))
