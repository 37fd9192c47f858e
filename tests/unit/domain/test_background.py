from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from fakes.head import SHAPE, brain
from gliobench.domain.networks.intensity import IntensityRule
from gliobench.domain.studies.background import Background, odd_background, on_zero

Volume = NDArray[np.float32]
PLAIN = brain()
BRAIN = PLAIN != 0
RANDOM = np.random.default_rng(5)


def rician(volume: Volume, deviation: float) -> Volume:
    real, imaginary = RANDOM.normal(0, deviation, (2, *volume.shape))
    return np.hypot(volume + real, imaginary)


def about(background: Volume | float) -> Volume:
    """Put another background about the brain."""
    return np.where(BRAIN, PLAIN, background).astype(np.float32)


def noisy(draw: Callable[[], Volume]) -> Volume:
    return about(draw())


def test_a_volume_on_a_background_of_zero_is_given_as_it_is() -> None:
    assert on_zero(PLAIN) is PLAIN
    assert odd_background(PLAIN) is None


def test_a_brain_that_was_scored_apart_has_zeros_about_it_and_stays_as_it_is() -> None:
    scored = np.where(BRAIN, (PLAIN - 300) / 30, 0).astype(np.float32)

    assert on_zero(scored) is scored


@pytest.mark.parametrize(
    "volume",
    [
        pytest.param((PLAIN - PLAIN.mean()) / PLAIN.std(), id="z-scored over all"),
        pytest.param(
            (PLAIN - PLAIN[BRAIN].mean()) / PLAIN[BRAIN].std(), id="z-scored by the brain"
        ),
        pytest.param(2 * PLAIN / PLAIN.max() - 1, id="scaled to [-1, 1]"),
        pytest.param(PLAIN + 100, id="raised by 100"),
        pytest.param(about(-1024), id="-1024"),
        pytest.param(about(64512), id="-1024 in 16 bits without a sign"),
        pytest.param(about(255), id="255, among the brain's values"),
        pytest.param(noisy(lambda: np.abs(RANDOM.normal(0, 1e-4, SHAPE))), id="faint noise"),
        pytest.param(noisy(lambda: -np.abs(RANDOM.normal(0, 1e-3, SHAPE))), id="below zero"),
        pytest.param(noisy(lambda: rician(np.zeros(SHAPE), 3)), id="Rician noise of 1 %"),
        pytest.param(noisy(lambda: RANDOM.poisson(1.0, SHAPE)), id="whole numbers"),
        pytest.param(
            noisy(lambda: RANDOM.normal(0, 1e-4, SHAPE) * (RANDOM.random(SHAPE) < 0.1)),
            id="noise in a tenth of the voxels",
        ),
        pytest.param(rician(PLAIN, 3), id="Rician noise all over"),
    ],
)
def test_every_other_background_is_found_and_the_brain_measures_as_before(volume: Volume) -> None:
    volume = np.asarray(volume, dtype=np.float32)

    shown = on_zero(volume)

    assert ((shown != 0) ^ BRAIN).mean() < 1e-3
    assert odd_background(volume) is not None
    wanted = IntensityRule.of(PLAIN).apply(PLAIN)
    np.testing.assert_allclose(
        IntensityRule.of(shown).apply(shown)[BRAIN], wanted[BRAIN], atol=0.5, rtol=0
    )
    assert np.corrcoef(IntensityRule.of(shown).apply(shown)[BRAIN], wanted[BRAIN])[0, 1] > 0.98


def test_a_background_far_below_the_brain_was_put_there_and_the_brain_keeps_its_values() -> None:
    np.testing.assert_array_equal(on_zero(about(-1024)), PLAIN)


def test_a_brain_whose_darkest_voxels_lie_below_its_zero_is_shifted_by_it_too() -> None:
    rippled = PLAIN.copy()
    rippled[24:29, 20:40, 22] = -20

    np.testing.assert_allclose(on_zero(rippled / 30 - 10) * 30, rippled, atol=1e-3)


def test_a_background_that_was_the_brains_zero_is_subtracted() -> None:
    np.testing.assert_allclose(on_zero(PLAIN + 100), PLAIN, atol=1e-4)


def test_the_zeros_that_a_scored_volume_was_padded_with_are_background_too() -> None:
    scored = (PLAIN - PLAIN.mean()) / PLAIN.std()
    padded = np.pad(scored, 6).astype(np.float32)

    shown = on_zero(padded)

    np.testing.assert_array_equal(shown != 0, np.pad(BRAIN, 6))
    assert odd_background(padded) == "another within padded zeros"


@pytest.mark.parametrize("shift", [0.0, -300.0])
def test_a_volume_that_the_head_fills_has_no_background(shift: float) -> None:
    tissue = (RANDOM.normal(300, 30, (30, 30, 30)) + shift).astype(np.float32)

    assert Background.of(tissue) is None
    assert on_zero(tissue) is tissue


def test_a_brain_that_is_cut_off_at_the_border_keeps_its_dark_voxels_there() -> None:
    cut = PLAIN[:, :, 10:].copy()
    cut[cut != 0] = RANDOM.uniform(1, 600, np.count_nonzero(cut))

    assert on_zero(cut) is cut


def test_a_tight_crop_of_a_scored_volume_keeps_the_brain() -> None:
    box = tuple(slice(int(n.min()), int(n.max()) + 1) for n in np.nonzero(BRAIN))
    scored = ((PLAIN - PLAIN.mean()) / PLAIN.std())[box].astype(np.float32)

    np.testing.assert_array_equal(on_zero(scored) != 0, BRAIN[box])


def test_a_slice_has_its_border_on_four_sides() -> None:
    plane = PLAIN[:, :, 22:23] - np.float32(1024)

    np.testing.assert_array_equal(on_zero(plane) != 0, BRAIN[:, :, 22:23])


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_a_volume_of_one_value_is_given_as_it_is(value: float) -> None:
    volume = np.full((6, 7, 8), value, dtype=np.float32)

    assert on_zero(volume) is volume
