"""Axes have round steps."""

from __future__ import annotations

import pytest

from gliobench.adapters.html.figures.scale import Scale, around_zero, decades, upwards


@pytest.mark.parametrize("highest", [1e-9, 0.7, 3.0, 9.9, 10.0, 47.2, 373.13])
def test_an_axis_reaches_beyond_the_highest_value_in_few_round_steps(highest: float) -> None:
    scale = upwards(highest)

    assert scale.ends[0] == 0.0
    assert scale.ends[1] > highest
    assert 2 <= len(scale.ticks) <= 11


@pytest.mark.parametrize(
    ("values", "ends", "ticks"),
    [
        ([0.42, 0.38, 0.46], (0.0, 0.5), [0, 0.1, 0.2, 0.3, 0.4, 0.5]),
        ([-0.04, 0.07], (-0.04, 0.08), [-0.04, -0.02, 0, 0.02, 0.04, 0.06, 0.08]),
        ([0.0, 0.0], (-1.0, 1.0), [-0.8, -0.4, 0, 0.4, 0.8]),
        ([-3.0, -1.0], (-3.0, 0.0), [-3, -2.5, -2, -1.5, -1, -0.5, 0]),
    ],
)
def test_an_axis_of_differences_holds_the_zero_and_all_values(
    values: list[float], ends: tuple[float, float], ticks: list[float]
) -> None:
    scale = around_zero(values)

    assert scale.ends == pytest.approx(ends)
    assert list(scale.ticks) == pytest.approx(ticks)
    assert scale.mark == 0.0


def test_a_logarithmic_axis_says_so_and_halves_its_length_at_the_geometric_mean() -> None:
    scale = decades(0.4, 80.0, "mm")

    assert scale.ends == pytest.approx((0.3, 100.0))
    assert list(scale.ticks) == pytest.approx([0.3, 1, 3, 10, 30, 100])
    assert scale.title == "mm, logarithmic"
    assert Scale((1, 100), (), log=True).share(10.0) == pytest.approx(0.5)
    assert scale.share(0.0) == 0.0


def test_a_scale_may_run_backwards() -> None:
    right_on_the_left = Scale((50, -50), ())

    assert (right_on_the_left.share(50), right_on_the_left.share(-60)) == (0.0, 1.0)


@pytest.mark.parametrize("value", [0.1, 1.0, 0.3, 0.000_999_999_999_999_999_9, 250.0])
def test_a_logarithmic_axis_of_a_single_value_has_a_length(value: float) -> None:
    scale = decades(value, value)

    assert scale.ends[0] <= value <= scale.ends[1]
    assert 0.0 <= scale.share(value) <= 1.0
