from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy.stats import rankdata

from gliobench.domain.statistics.rank_methods import mean_ranks, row_ranks

VALUES = st.sampled_from([-np.inf, -1.5, -0.0, 0.0, 0.25, 3.0, np.inf])


def test_equal_values_share_the_mean_of_their_ranks() -> None:
    assert mean_ranks(np.array([3.0, 1.0, 3.0, 2.0])).tolist() == [3.5, 1.0, 3.5, 2.0]


def test_equal_values_of_a_row_share_the_better_rank() -> None:
    assert row_ranks(np.array([[3.0, 1.0, 3.0], [2.0, 2.0, 0.0]])).tolist() == [
        [2, 1, 2],
        [2, 2, 1],
    ]


@given(arrays(np.float64, st.integers(0, 9), elements=VALUES))
def test_mean_ranks_are_those_of_scipy(values: np.ndarray) -> None:
    assert mean_ranks(values) == pytest.approx(rankdata(values))


@given(arrays(np.float64, array_shapes(min_dims=2, max_dims=2), elements=VALUES))
def test_row_ranks_are_those_of_scipy(values: np.ndarray) -> None:
    np.testing.assert_array_equal(row_ranks(values), rankdata(values, method="min", axis=1))
