"""Confidence intervals of AUROC, and DeLong's paired test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.estimate import (
    LEVEL,
    Estimate,
    Interval,
    Measured,
    NotEstimable,
    two_sided_z,
)
from gliobench.domain.statistics.rankings import area_under_roc
from gliobench.domain.studies.grading_target import NEGATIVE, POSITIVE

FEWEST = 10
"""Minimum studies of each grade for the test. With 40 of the other grade, its type I error at 5 % is 11
to 13 % with 2 studies and up to 9 % with 3; with 10 it is 5 %, see docs/results/coverage.md."""
_ONE_STUDY = NotEstimable("a grade has one study only")
_NO_VARIANCE = NotEstimable(
    "no variance: the grades are separated completely, or the answers are the same"
)


@dataclass(frozen=True, slots=True)
class PairedAuroc:
    """Two AUROCs of the same studies.

    Args:
        difference: The first less the second.
        correlation: Of the two areas as estimates, in [-1, 1]; the more, the smaller a difference
            shows.
        p: Two-sided, of no difference; not estimable for fewer than `FEWEST` of a grade.
    """

    difference: Estimate
    correlation: float | NotEstimable
    p: float | NotEstimable


@dataclass(frozen=True, slots=True, eq=False)
class _Placements:
    """Share of the other grade that each study is on the right side of, a tie counting half.

    Args:
        auroc: The area, or of two the difference.
        hgg: Of each HGG.
        lgg: Of each LGG.
    """

    auroc: float
    hgg: FloatArray
    lgg: FloatArray


def auroc_interval(*, reference: BoolArray, score: FloatArray) -> Measured:
    """Estimate an AUROC on the logit scale, with DeLong's variance and a lower bound on it.

    On that scale the interval stays inside (0, 1) and is better centred for large areas. There, few
    studies overlap, and DeLong's variance, which depends on those, is often too small: at areas of 0.98
    and 0.99 with 74 LGG, its coverage is 88 to 95 %. Where Hanley and McNeil's variance (two
    exponentials) is larger, the mean of the two is used, with a coverage of 94 % or more; see
    docs/results/coverage.md.

    Args:
        reference: (N,) bool, True for HGG.
        score: (N,) P(HGG), or any increasing function of it.

    Returns:
        Not estimable where a grade is absent. No interval where a grade has one study only, or the
        area is 0 or 1.

    Raises:
        InvalidInputError: The shapes differ, or a score is NaN.

    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 1988; Sun & Xu, IEEE Signal Proc Lett 2014;
        on the logit scale, Pepe, "The statistical evaluation of medical tests", 2003, section 5.2;
        Hanley & McNeil, Radiology 1982, in Newcombe's symmetric form, Stat Med 2006, method 5.
    """
    placements = _placements(reference, score)
    if isinstance(placements, NotEstimable):
        return placements
    interval = _on_logit_scale(placements)
    return Estimate(placements.auroc, interval, n=len(reference))


def compare_aurocs(
    *, reference: BoolArray, first: FloatArray, second: FloatArray
) -> PairedAuroc | NotEstimable:
    """Compare two backends' AUROCs on the same studies.

    Args:
        reference: (N,) bool, True for HGG.
        first: (N,) scores of one backend.
        second: (N,) scores of the other.

    Returns:
        Not estimable where a grade is absent. No interval and no p where a grade has one study
        only, or the two rank alike; no p for fewer than `FEWEST` of a grade, where the interval is
        too short as well.

    Raises:
        InvalidInputError: The shapes differ, or a score is NaN.

    Source: DeLong, DeLong & Clarke-Pearson, Biometrics 1988.
    """
    one, other = _placements(reference, first), _placements(reference, second)
    if isinstance(one, NotEstimable):
        return one
    if isinstance(other, NotEstimable):
        return other
    apart = _Placements(one.auroc - other.auroc, hgg=one.hgg - other.hgg, lgg=one.lgg - other.lgg)
    variance, n = _variance(apart), len(reference)
    if isinstance(variance, NotEstimable):
        return PairedAuroc(Estimate(apart.auroc, variance, n), _correlation(one, other), variance)
    error = float(np.sqrt(variance))
    reach = two_sided_z(LEVEL) * error
    interval = Interval(max(-1.0, apart.auroc - reach), min(1.0, apart.auroc + reach))
    return PairedAuroc(
        difference=Estimate(apart.auroc, interval, n),
        correlation=_correlation(one, other),
        p=_too_few(apart) or float(2 * ndtr(-abs(apart.auroc) / error)),
    )


def _too_few(placements: _Placements) -> NotEstimable | None:
    fewest, grade = min((len(placements.hgg), POSITIVE), (len(placements.lgg), NEGATIVE))
    if fewest >= FEWEST:
        return None
    return NotEstimable(
        f"DeLong's test requires {FEWEST} studies of each grade: there are {fewest} {grade}"
    )


def _placements(reference: BoolArray, score: FloatArray) -> _Placements | NotEstimable:
    if reference.shape != score.shape or np.isnan(score).any():
        raise InvalidInputError(
            f"{reference.shape} references, scores {score.shape}: wanted as many, and no NaN"
        )
    hgg, lgg = score[reference], score[~reference]
    if not hgg.size or not lgg.size:
        return NotEstimable(f"the reference has no {NEGATIVE if hgg.size else POSITIVE}")
    return _Placements(
        auroc=area_under_roc(reference=reference, score=score),
        hgg=_share_below(hgg, lgg),
        lgg=1 - _share_below(lgg, hgg),
    )


def _share_below(scores: FloatArray, others: FloatArray) -> FloatArray:
    ordered = np.sort(others)
    below = np.searchsorted(ordered, scores) + np.searchsorted(ordered, scores, side="right")
    return np.asarray(below / (2 * len(others)))


def _variance(placements: _Placements) -> float | NotEstimable:
    parts = (placements.hgg, placements.lgg)
    if min(map(len, parts)) < 2:
        return _ONE_STUDY
    variance = sum(float(part.var(ddof=1)) / len(part) for part in parts)
    # differences of equal shares may be off by a rounding
    return variance if variance > 1e-24 else _NO_VARIANCE


def _variance_of_two_exponentials(placements: _Placements) -> float:
    """Return the variance of an area whose scores are exponential in both grades."""
    area, n_hgg, n_lgg = placements.auroc, len(placements.hgg), len(placements.lgg)
    pairs = (n_hgg + n_lgg) / 2 - 1
    spread = 1 + pairs * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * spread / (n_hgg * n_lgg)


def _correlation(one: _Placements, other: _Placements) -> float | NotEstimable:
    first, second = _variance(one), _variance(other)
    if isinstance(first, NotEstimable):
        return first
    if isinstance(second, NotEstimable):
        return second
    pairs = ((one.hgg, other.hgg), (one.lgg, other.lgg))
    shared = sum(float(np.cov(a, b)[0, 1]) / len(a) for a, b in pairs)
    return float(np.clip(shared / np.sqrt(first * second), -1.0, 1.0))


def _on_logit_scale(placements: _Placements) -> Interval | NotEstimable:
    variance, area = _variance(placements), placements.auroc
    if isinstance(variance, NotEstimable):
        return variance
    variance = (variance + max(variance, _variance_of_two_exponentials(placements))) / 2
    reach = two_sided_z(LEVEL) * np.sqrt(variance) / (area * (1 - area))
    low, high = expit(logit(area) + np.array((-reach, reach)))
    return Interval(float(low), float(high))
