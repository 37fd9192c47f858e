"""Quotients of many drawn cohorts at once."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import FloatArray


def ratio(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Divide, element by element.

    Returns:
        The shape of `whole`; NaN where that is 0: such a cohort leaves the number undefined, which
        `bootstrap` counts and puts into words.
    """
    quotient = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient
