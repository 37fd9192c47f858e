from __future__ import annotations

from math import log

import numpy as np
import pytest

from gliobench.domain.position.clouds import Cloud, entropy


def test_a_cloud_has_a_mean_a_spread_and_a_distance_from_the_middle() -> None:
    cloud = Cloud.of(np.array([[3.0, 4.0], [3.0, -4.0]]))

    assert cloud.mean_mm == (3.0, 0.0)
    assert cloud.spread_mm == 4.0
    assert cloud.from_middle_mm == 5.0


def test_answers_around_the_middle_fall_into_one_square() -> None:
    jitter = np.random.default_rng(0).uniform(-4.9, 4.9, (50, 2))

    assert entropy(jitter) == 0.0


def test_answers_each_in_a_square_of_their_own_have_all_entropy() -> None:
    assert entropy(np.array([[0.0, 0.0], [10.0, 0.0], [0.0, -20.0]])) == pytest.approx(1.0)


def test_entropy_is_shannons_over_the_most_there_can_be() -> None:
    places = np.array([[0.0, 0.0]] * 3 + [[30.0, 0.0]])

    assert entropy(places) == pytest.approx((0.75 * log(4 / 3) + 0.25 * log(4)) / log(4))


def test_what_lies_beyond_the_field_counts_to_its_edge() -> None:
    assert entropy(np.array([[900.0, 0.0], [9000.0, 0.0]])) == 0.0


def test_one_place_has_no_entropy() -> None:
    assert entropy(np.array([[1.0, 2.0]])) == 0.0
