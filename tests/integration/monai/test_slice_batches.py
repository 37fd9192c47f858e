from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from gliobench.adapters.monai import slice_batches
from gliobench.adapters.monai.slice_batches import (
    FOR_GRADER,
    FOR_LOCALIZER,
    Alterations,
    SliceBatches,
    TrainingSlice,
)
from gliobench.domain.studies.study import Grade

STILL = Alterations(turn=0.0, zoom=0.0, shift=0.0)


def a_slice(grade: Grade = Grade.HGG, *, edge: int = 32) -> TrainingSlice:
    """Make noise with air about it, and a bright tumour off its middle."""
    rng = np.random.default_rng(edge)
    pixels = np.zeros((edge, edge), dtype=np.float32)
    pixels[6:-6, 6:-6] = rng.uniform(-1, 0.5, (edge - 12, edge - 12))
    tumour = np.zeros((edge, edge), dtype=np.float32)
    tumour[8:15, 12:22] = 1
    pixels[tumour > 0] = 4
    return TrainingSlice("anna", grade, pixels, tumour)


def batches(
    *groups: list[TrainingSlice],
    altered: Alterations = STILL,
    beside_mirror: bool = False,
    size: tuple[int, int] = (32, 32),
    seed: int = 0,
) -> SliceBatches:
    return SliceBatches(
        groups or ([a_slice()],),
        size=size,
        alterations=altered,
        beside_mirror=beside_mirror,
        batch_size=8,
        seed=seed,
    )


@pytest.fixture
def _same_scanner(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave intensities as they are."""
    monkeypatch.setattr(slice_batches, "rescanned", lambda pixels, chance: pixels)


def test_a_step_always_gives_the_same_batch_and_another_step_another() -> None:
    first, again = batches(altered=FOR_LOCALIZER)(5), batches(altered=FOR_LOCALIZER)(5)

    for name, part in first.items():
        torch.testing.assert_close(part, again[name], rtol=0, atol=0)
    assert not torch.equal(first["volumes"], batches(altered=FOR_LOCALIZER)(6)["volumes"])
    assert not torch.equal(first["volumes"], batches(altered=FOR_LOCALIZER, seed=1)(5)["volumes"])


@pytest.mark.usefixtures("_same_scanner")
def test_what_is_not_moved_is_as_it_was_or_mirrored() -> None:
    one = a_slice()

    batch = batches()(0)

    ways = [torch.from_numpy(one.pixels), torch.from_numpy(one.pixels[::-1].copy())]
    seen = set()
    for pixels in batch["volumes"][:, 0]:
        (way,) = [n for n, w in enumerate(ways) if torch.allclose(pixels, w, atol=1e-4)]
        seen.add(way)
    assert seen == {0, 1}


@pytest.mark.usefixtures("_same_scanner")
def test_a_crop_is_cut_from_the_middle() -> None:
    batch = batches(size=(16, 12))(0)

    cut = a_slice().tumour[8:24, 10:22]
    ways = [torch.from_numpy(cut), torch.from_numpy(cut[::-1].copy())]
    assert batch["volumes"].shape == (8, 1, 16, 12)
    for tumour in batch["regions"][:, 0]:
        assert any(torch.equal(tumour, way) for way in ways)


@pytest.mark.usefixtures("_same_scanner")
@pytest.mark.parametrize("altered", [FOR_LOCALIZER, FOR_GRADER], ids=["localizer", "grader"])
def test_the_tumour_moves_with_its_pixels(altered: Alterations) -> None:
    batch = batches(altered=altered)(3)

    bright = batch["volumes"] > 2.2
    tumour = batch["regions"] > 0
    assert (bright == tumour).float().mean() > 0.98
    assert tumour.flatten(1).any(1).all()
    places = {tuple(torch.argwhere(one[0]).float().mean(0).round().tolist()) for one in tumour}
    assert len(places) > 4


def test_a_turn_keeps_the_tumours_area() -> None:
    turned = batches(altered=Alterations(turn=3.1, zoom=0.0, shift=0.0))(1)

    areas = turned["regions"].sum((1, 2, 3))
    assert areas.min() > 0.85 * 70
    assert areas.max() < 1.15 * 70


def test_air_stays_zero_and_brains_differ_from_scan_to_scan() -> None:
    batch = batches()(2)

    pixels = batch["volumes"][:, 0]
    assert (pixels[:, :5] == 0).all()
    brightness = pixels[:, 8:24, 8:24].mean((1, 2))
    assert brightness.std() > 0.1
    assert torch.isfinite(pixels).all()


def test_groups_are_drawn_from_alike() -> None:
    many = [a_slice(Grade.HGG)] * 9

    batch = batches([a_slice(Grade.LGG)], many)(0)

    assert batch["hgg"].flatten().tolist() == [0.0] * 4 + [1.0] * 4


@pytest.mark.usefixtures("_same_scanner")
def test_a_second_channel_is_the_mirror_image_moved_alike() -> None:
    batch = batches(altered=FOR_GRADER, beside_mirror=True)(4)

    plain, mirror = batch["volumes"][:, 0] > 2.2, batch["volumes"][:, 1] > 2.2
    assert batch["volumes"].shape == (8, 2, 32, 32)
    assert mirror.sum() > 0.8 * plain.sum()
    assert not (plain & mirror).any()  # the tumour lies on one side
    still = batches(beside_mirror=True)(4)["volumes"]
    torch.testing.assert_close(still[:, 1], still[:, 0].flip(1), rtol=0, atol=1e-4)


@pytest.mark.usefixtures("_same_scanner")
def test_another_patients_tumour_is_laid_in_where_it_lay_or_mirrored() -> None:
    host = replace(a_slice(), tumour=np.zeros((32, 32), dtype=np.float32))
    host.pixels[host.pixels == 4] = 0.25
    altered = replace(STILL, transplants=1.0)

    make = batches([host, a_slice()], altered=altered)
    pairs = [pair for step in range(6) for pair in zip(*list(make(step).values())[:2], strict=True)]

    where = torch.from_numpy(a_slice().tumour)
    areas = set()
    for pixels, tumour in pairs:
        assert (tumour[0] <= torch.maximum(where, where.flip(0))).all()
        assert (pixels[tumour > 0] > 1).all()
        areas.add(int(tumour.sum()))
    assert areas == {0, 70, 140}


@pytest.mark.usefixtures("_same_scanner")
def test_nothing_is_laid_in_unless_it_is_asked_for() -> None:
    host = replace(a_slice(), tumour=np.zeros((32, 32), dtype=np.float32))

    batch = batches([host, a_slice()])(0)

    assert {int(area) for area in batch["regions"].sum((1, 2, 3))} == {0, 70}
