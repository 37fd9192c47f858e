"""Ranks of numbers, without the second that `scipy.stats` takes to import."""

from __future__ import annotations

import numpy as np

from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.sampling import Indices


def mean_ranks(values: FloatArray) -> FloatArray:
    """Rank (N,) values from 1, the smallest; equal ones share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place])


def row_ranks(values: FloatArray) -> Indices:
    """Rank the values of each row, (R, A): 1 is the smallest, equal values share the better rank."""
    order = np.argsort(values, axis=1)
    ascending = np.take_along_axis(values, order, axis=1)
    is_new = np.ones(values.shape, dtype=bool)
    is_new[:, 1:] = ascending[:, 1:] != ascending[:, :-1]
    first = np.maximum.accumulate(is_new * np.arange(1, values.shape[1] + 1), axis=1)
    ranks = np.empty(values.shape, dtype=np.intp)
    np.put_along_axis(ranks, order, first, axis=1)
    return ranks
