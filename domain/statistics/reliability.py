"""Whether probabilities mean what they say."""

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
    """Studies of like probability.

    Args:
        n: How many, one or more.
        said: Their mean probability of HGG.
        seen: The share of them that is HGG, with Wilson's interval.
    """

    n: int
    said: float
    seen: Measured


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far probabilities are from shares, and what they are worth.

    `brier` is `miscalibration` - `resolution` + `uncertainty`, exactly.

    Args:
        n: Studies.
        brier: Mean squared distance from the truth; lower is better.
        miscalibration: Mean squared distance of what is said from what is seen, by bin; 0 is best.
        resolution: How well the probabilities part the grades; higher is better. What varies inside
            a bin is in it.
        uncertainty: Variance of the grades: the score of saying the prevalence each time.
        ece: Mean distance of what is said from what is seen. It is above 0 by chance alone.
        curve: The bins that hold a study, from low to high.
        warning: Why `ece` is not to be relied on, or None.

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
    """Hold probabilities against grades in bins of equal width.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) in [0, 1].
        bins: How many; a probability on a border belongs to the upper one, 1.0 to the last.

    Returns:
        Not estimable without studies. One grade only is no hindrance.

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
    return f"{n} studies are fewer than {FEW_STUDIES}: chance alone makes the error look large"
