from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.multiplicity import holm


def test_the_smallest_p_pays_for_all_and_the_next_for_those_left() -> None:
    # 3 · 0.01; 2 · 0.03; 1 · 0.04, but no less than the one before
    assert holm([0.04, 0.01, 0.03]) == pytest.approx((0.06, 0.03, 0.06))


def test_a_test_of_twice_the_weight_pays_half() -> None:
    # 0.02/2 of 4 in all; then 0.015/1 and 0.03/1 of the 2 left, no less than the one before
    assert holm([0.015, 0.02, 0.03], [1, 2, 1]) == pytest.approx((0.04, 0.04, 0.04))
    assert holm([0.015, 0.02, 0.03], [1, 1, 2]) == pytest.approx((0.06, 0.06, 0.06))


def test_weights_have_to_be_positive_and_as_many() -> None:
    for weights in ([1.0, 0.0], [1.0]):
        with pytest.raises(InvalidInputError, match="wanted 2 positive numbers"):
            holm([0.1, 0.2], weights)


def test_a_family_of_one_stays_as_it_is_and_one_of_none_is_none() -> None:
    assert holm([0.02]) == (0.02,)
    assert holm([]) == ()


@pytest.mark.parametrize("n", [1, 2, 7, 12])
def test_adjusted_ps_are_statsmodels(n: int) -> None:
    statsmodels = pytest.importorskip("statsmodels.stats.multitest")
    p = (np.random.default_rng(n).random(n) ** 3).round(2).tolist()

    assert holm(p) == pytest.approx(tuple(statsmodels.multipletests(p, method="holm")[1]))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_is_refused(p: float) -> None:
    with pytest.raises(InvalidInputError, match="p-values"):
        holm([0.5, p])
