"""Temperature scaling of probabilities."""

from __future__ import annotations

import numpy as np
import scipy
from scipy.special import log_expit

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray


def fit_temperature(*, reference: BoolArray, logit: FloatArray) -> float:
    """Find the divisor of the logits that makes held-out predictions likeliest.

    Both classes weigh the same, so that the probability is stated for even odds.

    Args:
        reference: (N,) bool, True for HGG.
        logit: (N,) logits of HGG of patients that the network did not learn from.

    Returns:
        A temperature in [0.05, 20]; above 1 the network was too sure.

    Raises:
        InvalidInputError: A class is absent.

    Source: Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    if reference.all() or not reference.any():
        raise InvalidInputError("temperature needs held-out predictions of both grades")
    weights = np.where(reference, 0.5 / reference.sum(), 0.5 / (~reference).sum())
    signed = np.where(reference, logit, -logit)

    def surprise(log_temperature: float) -> float:
        return float(-(weights * log_expit(signed / np.exp(log_temperature))).sum())

    found = scipy.optimize.minimize_scalar(
        surprise, bounds=(np.log(0.05), np.log(20)), method="bounded"
    )
    return float(np.exp(found.x))
