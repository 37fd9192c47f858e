"""Logits of networks."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FloatT = TypeVar("FloatT", np.float32, np.float64)


def expit(logits: NDArray[FloatT]) -> NDArray[FloatT]:
    """Convert logits to probabilities, as `scipy.special.expit`, which takes long to import."""
    found = np.empty_like(logits)
    np.negative(logits, out=found)
    with np.errstate(over="ignore"):  # of a very low logit: its probability is 0
        np.exp(found, out=found)
    found += 1
    return np.reciprocal(found, out=found)
