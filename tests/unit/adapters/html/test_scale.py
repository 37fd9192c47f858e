"""Axes have round steps."""

from __future__ import annotations

import pytest

from gliobench.adapters.html.figures.scale import scale


@pytest.mark.parametrize("highest", [1e-9, 0.7, 3.0, 9.9, 10.0, 47.2, 373.13])
def test_an_axis_reaches_beyond_the_highest_value_in_few_round_steps(highest: float) -> None:
    step, top = scale(highest)

    assert top > highest
    assert 1 <= round(top / step) <= 10
