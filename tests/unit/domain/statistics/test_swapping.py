"""Swapping two backends' answers tells chance from difference."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.swapping import DRAWN_UP_TO, swap_test


def names(n: int) -> list[str]:
    return [f"p{number}" for number in range(n)]


def test_of_accuracies_it_is_the_exact_mcnemar_test() -> None:
    first = np.array([True] * 14 + [False] * 3 + [True] * 20)
    second = np.array([False] * 14 + [True] * 3 + [True] * 20)
    pulls = (first.astype(float) - second) / len(first)

    p = swap_test(pulls, names(len(pulls)), swaps=40_000)

    exact = mcnemar(first_right=first, second_right=second)
    assert isinstance(exact, McNemar)
    assert p == pytest.approx(exact.exact_p, abs=0.003)


def test_two_studies_that_one_alone_has_right_prove_nothing() -> None:
    assert swap_test(np.array([0.25, 0.25, 0.0]), names(3)) == pytest.approx(0.5, abs=0.02)


def test_equal_backends_have_a_p_of_one() -> None:
    assert swap_test(np.zeros(9), names(9)) == 1.0


def test_a_patient_is_swapped_with_all_studies() -> None:
    together = swap_test(np.ones(8), ["one"] * 4 + ["other"] * 4)

    assert together == pytest.approx(0.5, abs=0.02)
    assert swap_test(np.ones(8), names(8)) == pytest.approx(2 / 2**8, abs=0.004)


def test_many_patients_have_the_same_p_by_the_normal_distribution() -> None:
    rng = np.random.default_rng(1)
    pulls = rng.normal(0.01, 1.0, DRAWN_UP_TO + 1)
    swapped = [abs(float(pulls @ (rng.integers(0, 2, len(pulls)) * 2 - 1))) for _ in range(2_000)]

    p = swap_test(pulls, names(len(pulls)))

    assert p == pytest.approx(np.mean(np.array(swapped) >= abs(pulls.sum())), abs=0.04)


def test_without_studies_nothing_is_told() -> None:
    assert isinstance(swap_test(np.empty(0), []), NotEstimable)


def test_patients_have_to_be_as_many_as_studies() -> None:
    with pytest.raises(InvalidInputError, match="1 patients for 2"):
        swap_test(np.ones(2), ["p"])
