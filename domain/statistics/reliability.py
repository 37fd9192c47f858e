"""Calibration of probabilities: reliability curve, Brier decomposition and ECE."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.metrics.classification import check_probabilities, squared_error
from gliobench.domain.statistics.estimate import NO_STUDY, Measured, NotEstimable
from gliobench.domain.statistics.proportions import wilson

BINS = 10
FEW_STUDIES = 100


@dataclass(frozen=True, slots=True)
class Bin:
    """A bin of studies with similar probability.

    Args:
        n: Number of studies, one or more.
        said: Their mean predicted probability of the positive class.
        seen: The observed share of the positive class, with Wilson's interval.
    """

    n: int
    said: float
    seen: Measured


@dataclass(frozen=True, slots=True)
class Reliability:
    """Calibration and Brier score of probabilities.

    `brier` is `miscalibration` - `resolution` + `uncertainty`, exactly.

    Args:
        n: Studies.
        brier: Mean squared error; lower is better.
        miscalibration: Mean squared difference of predicted and observed, by bin; 0 is best.
        resolution: How well the probabilities separate the grades; higher is better. Includes the
            variance within bins.
        uncertainty: Variance of the grades: the score of always predicting the prevalence.
        ece: Mean absolute difference of predicted and observed. It is above 0 by chance alone.
        curve: The non-empty bins, from low to high.
        warning: Why `ece` is unreliable, or None.

    Source: Murphy, J Appl Meteorol 1973; within bins, Stephenson, Coelho & Jolliffe, Weather and
        Forecasting 2008.
    """

    n: int
    brier: float
    miscalibration: float
    resolution: float
    uncertainty: float
    ece: float
    curve: tuple[Bin, ...]
    warning: str | None


def reliability(
    *, reference: BoolArray, probability: FloatArray, bins: int = BINS
) -> Reliability | NotEstimable:
    """Compare probabilities with grades in bins of equal width.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].
        bins: Number of bins; a probability on a border belongs to the upper one, 1.0 to the last.

    Returns:
        Not estimable without studies. A single grade is allowed.

    Raises:
        InvalidInputError: The shapes differ, a probability is not in [0, 1], or bins is not
            positive.
    """
    if bins < 1:
        raise InvalidInputError(f"{bins} bins: wanted one or more")
    check_probabilities(reference, probability)
    if not reference.size:
        return NO_STUDY
    score = float(squared_error(reference=reference, probability=probability).mean())
    n = len(reference)
    place = np.minimum((probability * bins).astype(np.intp), bins - 1)
    counts = np.bincount(place, minlength=bins)
    filled = counts > 0
    counts, hgg = counts[filled], np.bincount(place, reference, bins)[filled]
    said, seen = np.bincount(place, probability, bins)[filled] / counts, hgg / counts
    prevalence = float(reference.mean())
    miscalibration = float(counts @ (said - seen) ** 2 / n)
    uncertainty = prevalence * (1 - prevalence)
    rows = zip(counts, said, hgg, strict=True)
    return Reliability(
        n=n,
        brier=score,
        miscalibration=miscalibration,
        resolution=miscalibration + uncertainty - score,
        uncertainty=uncertainty,
        ece=float(counts @ np.abs(said - seen) / n),
        curve=tuple(
            Bin(int(m), float(mean), wilson(successes=int(k), n=int(m))) for m, mean, k in rows
        ),
        warning=_warning(n),
    )


def _warning(n: int) -> str | None:
    if n >= FEW_STUDIES:
        return None
    return f"{n} studies are fewer than {FEW_STUDIES}: the error is inflated by chance"
