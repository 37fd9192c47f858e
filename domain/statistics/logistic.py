"""Penalised logistic regression for even odds."""

from __future__ import annotations

import numpy as np
import scipy
from scipy.special import expit

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray


def even_odds(reference: BoolArray, weights: FloatArray | None = None) -> FloatArray:
    """Return weights under which both classes weigh N / 2 of N examples.

    Args:
        reference: (N,) bool.
        weights: (N,) positive, of the examples within their class; None for equal ones.

    Raises:
        InvalidInputError: A class is absent.
    """
    if reference.all() or not reference.any():
        raise InvalidInputError("a grader needs tumours of both grades to learn from")
    given = np.ones(len(reference)) if weights is None else weights
    totals = np.where(reference, given[reference].sum(), given[~reference].sum())
    return np.asarray(given * len(reference) / 2 / totals)


def fit_logistic(
    features: FloatArray, reference: BoolArray, weights: FloatArray, *, penalty: float = 1.0
) -> tuple[FloatArray, float]:
    """Find the likeliest coefficients under a ridge penalty; the intercept is free.

    Args:
        features: (N, F), of a similar scale.
        reference: (N,) bool, True for HGG.
        weights: (N,) positive.
        penalty: Of half the sum of squares of the coefficients, positive.

    Returns:
        (F,) coefficients and the intercept.

    Source: Hastie, Tibshirani & Friedman, "The elements of statistical learning", section 4.4.
    """
    sign = np.where(reference, 1.0, -1.0)

    def cost(solution: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (features @ solution[:-1] + solution[-1])
        slope = -weights * sign * expit(-margin)
        loss = weights @ np.logaddexp(0, -margin) + penalty / 2 * solution[:-1] @ solution[:-1]
        gradient = np.append(features.T @ slope + penalty * solution[:-1], slope.sum())
        return float(loss), gradient

    start = np.zeros(features.shape[1] + 1)
    found = scipy.optimize.minimize(cost, start, jac=True, method="L-BFGS-B", tol=1e-12).x
    return found[:-1], float(found[-1])
