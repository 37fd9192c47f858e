from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from torch import Generator, Tensor

from gliobench.adapters.monai import randomise
from gliobench.adapters.monai.randomise import DARKEST_Z, rescanned

SLICES = (6, 2, 24, 20)
VOLUMES = (3, 4, 12, 14, 10)
STEPS = ("_contrasted", "_shaded", "_clipped", "_thick", "_blurred")


def chance(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def images(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(shape, generator=chance(9))


@pytest.mark.parametrize("shape", [SLICES, VOLUMES], ids=["slices", "volumes"])
def test_slices_and_volumes_are_scanned_anew_alike(shape: tuple[int, ...]) -> None:
    seen = rescanned(images(shape), chance())

    assert seen.shape == shape
    assert torch.isfinite(seen).all()
    assert torch.equal(seen, rescanned(images(shape), chance()))
    assert not torch.equal(seen, rescanned(images(shape), chance(1)))


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("shape", [SLICES, VOLUMES], ids=["slices", "volumes"])
def test_every_step_alters_something_for_some_and_keeps_the_shape(
    name: str, shape: tuple[int, ...]
) -> None:
    step = getattr(randomise, name)

    changed = [not torch.equal(step(images(shape), chance(n)), images(shape)) for n in range(20)]

    assert any(changed)
    assert step(images(shape), chance()).shape == shape


@pytest.mark.parametrize("name", ["_contrasted", "_shaded"])
def test_gamma_and_shading_leave_no_signal_as_it_is(name: str) -> None:
    dark = torch.full(VOLUMES, DARKEST_Z)

    torch.testing.assert_close(getattr(randomise, name)(dark, chance()), dark, atol=0.05, rtol=0)


@pytest.mark.parametrize("name", ["_contrasted", "_clipped"])
def test_gamma_and_clipping_keep_the_order_of_intensities(name: str) -> None:
    ramp = torch.linspace(-2.9, 6, 200).expand(8, 4, 200)

    for channel in getattr(randomise, name)(ramp, chance()).flatten(0, 1):
        assert (channel.diff() >= 0).all()


def test_a_shading_is_smooth() -> None:
    flat = torch.zeros(1, 1, 32, 32, 32)

    seen = randomise._shaded(flat, chance(3))

    assert seen.std() > 0.01
    assert seen.diff(dim=2).abs().max() < 0.2 * (seen.max() - seen.min())


def test_thick_slices_are_means_of_a_few_voxels_along_one_axis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(randomise, "_often", lambda share, images, chance: torch.ones(1, 1, 1) > 0)
    ramp = torch.arange(24.0).reshape(1, 1, 24, 1, 1).expand(1, 1, 24, 24, 24).contiguous()
    noisy = ramp + torch.randn(ramp.shape, generator=chance(1))

    for seed in range(6):
        seen = randomise._thick(noisy, chance(seed))
        rougher = [(noisy.diff(dim=d).std() / seen.diff(dim=d).std()).item() for d in (2, 3, 4)]
        assert max(rougher) > 1.5 * min(rougher)
        assert seen.mean().item() == pytest.approx(noisy.mean().item(), abs=0.1)


def test_an_axis_too_short_for_thick_slices_is_left_alone() -> None:
    flat = torch.randn(4, 4, 1, 1, 1, generator=chance())

    for seed in range(8):
        torch.testing.assert_close(randomise._thick(flat, chance(seed)), flat, rtol=0, atol=0)


def test_blurring_leaves_a_flat_image_flat_inside_and_makes_noise_smaller() -> None:
    noise = images((6, 4, 16, 16, 16))

    seen = randomise._blurred(noise, chance())

    spread = seen.std((2, 3, 4)) / noise.std((2, 3, 4))
    assert (spread <= 1 + 1e-6).all()
    assert 0.1 < (spread < 0.999).float().mean() < 0.6
