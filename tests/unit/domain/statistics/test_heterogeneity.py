from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.heterogeneity import TOO_FEW, heterogeneity_tests

TWENTY = np.repeat([0, 1], 10)


def p_of(
    values: list[float] | np.ndarray,
    parts: np.ndarray = TWENTY,
    *,
    patients: np.ndarray | None = None,
    classes: np.ndarray | None = None,
) -> float | NotEstimable:
    column = np.asarray(values, dtype=np.float64)[:, None]
    whose = np.arange(len(parts)) if patients is None else patients
    (p,) = heterogeneity_tests(column, parts=parts, patients=whose, classes=classes)
    return p


def test_p_is_the_share_of_divisions_that_are_as_extreme() -> None:
    # 3 of 20 are right, all in the first ten: of the C(20, 3) = 1140 places of three, C(10, 3) = 120
    # lie in either half, so 240 / 1140 divisions are as extreme.
    right = [1.0] * 3 + [0.0] * 17
    exact = sum(len({at // 10 for at in places}) == 1 for places in combinations(range(20), 3))

    assert exact == 240
    assert p_of(right) == pytest.approx(240 / 1140, abs=0.03)


def test_subgroups_that_differ_in_every_study_have_a_p_as_small_as_shuffles_allow() -> None:
    assert p_of([1.0] * 10 + [0.0] * 10) == pytest.approx(1 / 2000, abs=1e-3)


def test_values_that_are_all_the_same_do_not_differ() -> None:
    assert p_of([0.7] * 20) == 1.0


def test_failures_of_one_subgroup_are_a_difference_and_one_failure_is_none() -> None:
    answered = np.linspace(1.0, 9.0, 20)
    often, once = answered.copy(), answered.copy()
    often[:7], once[0] = 373.13, 373.13

    failing, single = p_of(often), p_of(once)

    assert isinstance(failing, float)
    assert failing < 0.01
    assert isinstance(single, float)
    assert single > 0.05


def test_a_subgroup_of_fewer_than_ten_studies_takes_no_part() -> None:
    parts = np.r_[TWENTY, np.full(9, 2)]

    with_others = p_of([0.5, 0.6] * 10 + [99.0] * 9, parts)

    assert with_others == p_of([0.5, 0.6] * 10)
    assert p_of([1.0] * 19, TWENTY[:19]) == TOO_FEW


def test_unknown_scores_and_subgroups_are_left_out() -> None:
    values = np.r_[np.linspace(0, 1, 20), np.nan, 99.0]

    assert p_of(values, np.r_[TWENTY, 0, -1]) == p_of(np.linspace(0, 1, 20))


def test_all_studies_of_a_patient_count_as_one() -> None:
    parts, values = np.repeat(TWENTY, 30), np.repeat([1.0] * 3 + [0.0] * 17, 30)

    p = p_of(values, parts, patients=np.repeat(np.arange(20), 30))

    assert p == pytest.approx(240 / 1140, abs=0.03)


def test_within_classes_a_mixture_of_classes_is_no_difference() -> None:
    # Both halves have 9 of 10 of class 1 right and 1 of 10 of class 0, but in other proportions.
    classes = np.r_[np.repeat([1, 0], [40, 10]), np.repeat([1, 0], [10, 40])]
    parts = np.repeat([0, 1], 50)
    right = np.r_[np.tile([0.0] + [1.0] * 9, 4), [1.0] + [0.0] * 9]
    right = np.r_[right, [0.0] + [1.0] * 9, np.tile([1.0] + [0.0] * 9, 4)]

    balanced, plain = p_of(right, parts, classes=classes), p_of(right, parts)

    assert balanced == 1.0
    assert isinstance(plain, float)
    assert plain < 0.01


def test_a_subgroup_without_a_class_takes_no_part() -> None:
    classes = np.r_[np.tile([0, 1], 5), np.ones(10, dtype=np.intp)]

    assert p_of(np.linspace(0, 1, 20), classes=classes) == TOO_FEW


def test_many_patients_are_tested_by_chi_squared_as_by_permutation() -> None:
    rng = np.random.default_rng(0)
    parts = rng.integers(0, 3, 6000)
    values = rng.normal(size=6000) + 0.05 * parts

    few = heterogeneity_tests(
        values[:4900, None], parts=parts[:4900], patients=np.arange(4900), seed=1
    )[0]
    many = p_of(values, parts)

    assert isinstance(few, float)
    assert isinstance(many, float)
    assert many < 0.05
    assert 0 < few < 1


def test_columns_of_one_pattern_share_their_shuffles() -> None:
    column = np.random.default_rng(2).normal(size=20)
    columns = np.column_stack([column, np.r_[np.nan, column[1:]], column])

    first, _, last = heterogeneity_tests(columns, parts=TWENTY, patients=np.arange(20))

    assert first == last == p_of(column)
