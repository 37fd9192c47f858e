from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.statistics.regression import slope_and_r_squared

RNG = np.random.default_rng(3)
X = RNG.normal(1000.0, 5.0, 40)
Y = 0.3 * X + RNG.normal(0.0, 2.0, 40)


def test_a_line_is_the_one_that_numpy_fits() -> None:
    ((slope, r_squared),) = slope_and_r_squared(np.ones((1, 40)), x=X, y=Y)

    assert slope == pytest.approx(np.polyfit(X, Y, 1)[0])
    assert r_squared == pytest.approx(np.corrcoef(X, Y)[0, 1] ** 2)


def test_a_weight_counts_a_study_as_often() -> None:
    weights = RNG.integers(0, 4, (3, 40))

    found = slope_and_r_squared(weights.astype(float), x=X, y=Y)

    for row, times in zip(found, weights, strict=True):
        x, y = np.repeat(X, times), np.repeat(Y, times)
        assert row == pytest.approx([np.polyfit(x, y, 1)[0], np.corrcoef(x, y)[0, 1] ** 2])


def test_a_constant_answer_has_a_slope_of_nothing_and_explains_nothing_that_could_be_measured() -> (
    None
):
    ((slope, r_squared),) = slope_and_r_squared(np.ones((1, 40)), x=X, y=np.full(40, 0.1 + 0.2))

    assert slope == pytest.approx(0.0, abs=1e-12)
    assert np.isnan(r_squared)


def test_through_references_that_never_move_there_is_no_line() -> None:
    assert np.isnan(slope_and_r_squared(np.ones((1, 40)), x=np.full(40, 0.1), y=Y)).all()
