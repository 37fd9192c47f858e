from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.networks.brain_input import BRAIN_GRID, brain_input
from gliobench.domain.studies.study import Modality

DEPTH_MM = np.linspace(-40, 40, 4 * 4 * 4).reshape(4, 4, 4).astype(np.float32)


def an_image(inner: float) -> NDArray[np.float32]:
    """Draw a brain of one brightness in air."""
    return np.where(DEPTH_MM > 0, inner, 0).astype(np.float32)


def test_images_are_measured_against_the_inner_brain_whatever_their_unit() -> None:
    dark, bright = (brain_input({Modality.T1C: an_image(inner)}, DEPTH_MM) for inner in (0.5, 700))

    assert np.array_equal(dark, bright)
    assert dark[1].max() == 1


def test_absent_images_and_images_without_signal_are_zero() -> None:
    found = brain_input({Modality.T1C: an_image(1), Modality.T2W: an_image(0)}, DEPTH_MM)

    assert [channel.any() for channel in found[:4]] == [False, True, False, False]


def test_the_last_channel_is_the_depth_in_centimetres_up_to_two() -> None:
    found = brain_input({}, DEPTH_MM)[4]

    assert found.min() == -2
    assert found.max() == 2
    inside = np.abs(DEPTH_MM) < 20
    assert np.allclose(found[inside], DEPTH_MM[inside] / 10)


def test_a_bright_spot_is_cut_off() -> None:
    image = an_image(1)
    image[0, 0, 0] = 1000

    assert brain_input({Modality.T1C: image}, DEPTH_MM)[1].max() == 4


def test_the_networks_halve_the_grid_three_times() -> None:
    assert not any(length % 8 for length in BRAIN_GRID.shape)
