"""Conformal prediction of two grades: limits that hold the true one as often as stated."""

from __future__ import annotations

from math import ceil

import numpy as np

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.networks.conformal_sets import ConformalSets


def fit_conformal_sets(
    *, reference: BoolArray, probability: FloatArray, coverage: float
) -> ConformalSets:
    """Fit the limits of each grade on its own patients (Mondrian), so that both grades are covered.

    A grade is excluded where its probability is lower than in all but the least probable of the
    patients of that grade: the ⌈(n + 1) coverage⌉-th largest of n. With fewer patients than that rank
    it is never excluded. On patients exchangeable with these the coverage holds for each grade, at
    least as often as stated; at another hospital it may not.

    Args:
        reference: (N,) bool, True for HGG.
        probability: (N,) P(HGG) of patients that the network had not learned from; of a
            cross-validation, each by its fold.
        coverage: Share of each grade to cover, in (0, 1).

    Raises:
        InvalidInputError: A grade is absent, a probability is not in [0, 1], or the coverage is not
            in (0, 1).

    Source: Vovk, "Cross-conformal predictors", Ann Math Artif Intell 2015; by class: Vovk, "Conditional
    validity of inductive conformal predictors", Mach Learn 2013.
    """
    if not ((probability >= 0) & (probability <= 1)).all():
        raise InvalidInputError("conformal sets: wanted probabilities from 0 to 1")
    lgg, hgg = probability[~reference], probability[reference]
    return ConformalSets(
        coverage=coverage,
        lgg_up_to=_limit(np.sort(lgg), coverage, never=1.0),
        hgg_from=_limit(np.sort(hgg)[::-1], coverage, never=0.0),
        n_lgg=len(lgg),
        n_hgg=len(hgg),
    )


def _limit(ordered: FloatArray, coverage: float, *, never: float) -> float:
    """Return the P(HGG) beyond which a grade is excluded, from its patients, the likeliest first."""
    rank = ceil(round((len(ordered) + 1) * coverage, 9))  # 100 * 0.07 is 7.000000000000001
    return float(ordered[rank - 1]) if rank <= len(ordered) else never
