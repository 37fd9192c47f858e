from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch
from monai.transforms import Compose

from gliobench.adapters.monai import localizer_batches
from gliobench.adapters.monai.brain_lessons import TrainingStudy
from gliobench.adapters.monai.localizer_batches import (
    ABOUT_TUMOURS,
    ANYWHERE,
    BLIND,
    BRATS_SHAPE_2MM,
    WHOLE,
    LocalizerBatches,
    Transplant,
    Windows,
)

BatchOf: TypeAlias = Callable[[int], dict[str, torch.Tensor]]

WINDOW = ANYWHERE.shape

LESION_START = np.array((50, 64, 30))
LESION_SHAPE = np.array((20, 22, 24))


def coordinates(start: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """Give volumes that tell where each voxel is: i + 1, j + 1, k + 1 and 1."""
    axes = [np.arange(a, a + n) + 1 for a, n in zip(start, shape, strict=True)]
    where = np.stack([*np.meshgrid(*axes, indexing="ij"), np.ones(shape)])
    return where.astype(np.float32)


def host(*, shape: tuple[int, int, int] = BRATS_SHAPE_2MM) -> TrainingStudy:
    return TrainingStudy(
        coordinates(np.zeros(3, int), np.array(shape)), np.zeros(shape, dtype=np.uint8)
    )


def lesion() -> Transplant:
    """Give a lesion whose volumes are the negatives of where it lay."""
    labels = np.full(LESION_SHAPE, 2, dtype=np.uint8)
    labels[5:10, 5:10, 5:10] = 4
    labels[10:12, 5:10, 5:10] = 1
    labels[:3] = 0
    i, j, k = LESION_START.tolist()
    return Transplant((i, j, k), -coordinates(LESION_START, LESION_SHAPE), labels)


def brain_in_air() -> TrainingStudy:
    """Give a block of noise with air about it, and a tumour in a corner of the block."""
    rng = np.random.default_rng(0)
    volumes = np.zeros((4, *BRATS_SHAPE_2MM), dtype=np.float32)
    volumes[:, 30:90, 30:90, 20:60] = rng.normal(size=(4, 60, 60, 40))
    labels = np.zeros(BRATS_SHAPE_2MM, dtype=np.uint8)
    labels[30:50, 30:50, 20:40] = 2
    labels[35:45, 35:45, 25:35] = 4
    return TrainingStudy(volumes, labels)


def batches(
    study: TrainingStudy,
    *transplants: Transplant,
    share: float = 1.0,
    seed: int = 0,
    windows: Windows = ANYWHERE,
) -> LocalizerBatches:
    windows = replace(windows, transplant=share, healed=0.0)
    return LocalizerBatches([study], transplants, windows=windows, batch_size=2, seed=seed)


@pytest.fixture
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out all that alters voxels, so that they can be told apart."""
    monkeypatch.setattr(localizer_batches, "_spatial", lambda shape: Compose([]))
    monkeypatch.setattr(localizer_batches, "CAVITY_SHARE", 0.0)
    for name in ("brightened", "rescanned", "without_some", "partly_masked"):
        monkeypatch.setattr(localizer_batches, name, lambda images, chance: images)


@pytest.fixture(scope="module")
def batch_of() -> BatchOf:
    """Batches of one brain by their steps, each made once; only read."""
    return cache(batches(brain_in_air(), share=0.0))


@pytest.fixture(scope="module")
def augmented(batch_of: BatchOf) -> dict[str, torch.Tensor]:
    return batch_of(3)


def test_a_batch_is_windows_with_regions_and_weights(augmented: dict[str, torch.Tensor]) -> None:
    assert augmented["volumes"].shape == (2, 4, *WINDOW)
    assert augmented["regions"].shape == (2, 3, *WINDOW)
    assert augmented["weights"].shape == (2, 1, *WINDOW)
    assert set(augmented["regions"].unique().tolist()) <= {0.0, 1.0}


def test_the_same_step_gives_the_same_batch_whatever_came_before(
    augmented: dict[str, torch.Tensor],
) -> None:
    again = batches(brain_in_air(), share=0.0)
    again(0)

    batch = again(3)

    for name, part in augmented.items():
        assert torch.equal(part, batch[name])


def test_another_step_and_another_seed_give_other_batches(
    augmented: dict[str, torch.Tensor], batch_of: BatchOf
) -> None:
    other_step = batch_of(4)
    other_seed = batches(brain_in_air(), share=0.0, seed=1)(3)

    assert not torch.equal(augmented["volumes"], other_step["volumes"])
    assert not torch.equal(augmented["volumes"], other_seed["volumes"])


def test_one_step_in_eight_shows_a_window_as_large_as_at_inference(
    batch_of: BatchOf,
) -> None:
    shapes = [tuple(batch_of(step)["volumes"].shape) for step in range(9)]

    assert shapes == [(1, 4, *WHOLE), *[(2, 4, *WINDOW)] * 7, (1, 4, *WHOLE)]


def test_the_fine_network_sees_small_windows_about_tumours_alone() -> None:
    steps = batches(brain_in_air(), share=0.0, windows=ABOUT_TUMOURS)

    seen = [steps(step) for step in range(9)]

    assert {tuple(batch["volumes"].shape) for batch in seen} == {(2, 4, *ABOUT_TUMOURS.shape)}
    with_tumour = [regions.any() for batch in seen for regions in batch["regions"]]
    assert sum(with_tumour) / len(with_tumour) > 0.7


@pytest.mark.parametrize("step", range(1, 12))
def test_background_stays_zero_in_every_modality_and_absent_ones_are_zero(
    batch_of: BatchOf, step: int
) -> None:
    for volumes in batch_of(step)["volumes"]:
        air = volumes == 0
        shown = [channel for channel in air if not channel.all()]

        assert shown
        for channel in shown:
            assert 0.02 < channel.float().mean() < 0.98
            assert torch.equal(channel, shown[0])


def test_tumour_outside_the_mask_of_the_brain_is_not_asked_for(
    batch_of: BatchOf,
) -> None:
    for step in range(16):
        batch = batch_of(step)
        for volumes, regions in zip(batch["volumes"], batch["regions"], strict=True):
            air = (volumes == 0).all(0)
            assert not regions[:, air].any()


def test_some_windows_are_seen_as_by_other_scanners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(localizer_batches, "rescanned", lambda images, chance: images * 0 + 7)
    monkeypatch.setattr(localizer_batches, "brightened", lambda images, chance: images * 0 + 5)
    monkeypatch.setattr(localizer_batches, "without_some", lambda images, chance: images)
    steps = batches(brain_in_air(), share=0.0)

    brightest = [image.max().item() for step in range(1, 80, 4) for image in steps(step)["volumes"]]

    assert set(brightest) == {5.0, 7.0}
    assert 0.1 < brightest.count(7.0) / len(brightest) < 0.5


def test_any_window_may_lack_sequences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(localizer_batches, "ABROAD_SHARE", 0.0)
    steps = batches(brain_in_air(), share=0.0)

    complete = [
        bool(image.flatten(1).any(1).all())
        for step in range(1, 80, 4)
        for image in steps(step)["volumes"]
    ]

    assert 0 < complete.count(False) < len(complete)


def test_a_batch_is_plain_tensors(augmented: dict[str, torch.Tensor]) -> None:
    assert {type(part) for part in augmented.values()} == {torch.Tensor}


def test_regions_are_nested(augmented: dict[str, torch.Tensor]) -> None:
    whole, core, enhancing = augmented["regions"].unbind(1)

    assert (whole >= core).all()
    assert (core >= enhancing).all()


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize("step", range(4))
def test_a_transplant_lies_where_the_lesion_lay_in_its_own_patient(step: int) -> None:
    batch = batches(host(), lesion())(step)

    for volumes, regions in zip(batch["volumes"].numpy(), batch["regions"].numpy(), strict=True):
        at = np.abs(volumes[:3]).astype(int) - 1
        held = volumes[3] != 0
        for axis in range(3):
            assert np.ptp((at[axis] - np.indices(volumes.shape[1:])[axis])[held]) == 0
        laid = volumes[3] < 0
        assert laid.any()
        inside = (at >= LESION_START.reshape(3, 1, 1, 1)) & (
            at < (LESION_START + LESION_SHAPE).reshape(3, 1, 1, 1)
        )
        np.testing.assert_array_equal(laid, inside.all(axis=0) & held)
        labels = lesion().labels[tuple((at[:, laid].T - LESION_START).T)]
        np.testing.assert_array_equal(regions[0][laid], labels > 0)
        np.testing.assert_array_equal(regions[1][laid], np.isin(labels, (1, 4)))
        np.testing.assert_array_equal(regions[2][laid], labels == 4)
        assert not regions[:, ~laid].any()


@pytest.mark.usefixtures("_plain")
@pytest.mark.parametrize("step", range(4))
def test_the_loss_is_blind_to_the_seam_and_to_nothing_else(step: int) -> None:
    batch = batches(host(), lesion())(step)

    for volumes, weights in zip(batch["volumes"].numpy(), batch["weights"].numpy(), strict=True):
        held = volumes[3] != 0
        at = np.abs(volumes[:3]).astype(int) - 1
        start = LESION_START.reshape(3, 1, 1, 1)
        stop = start + LESION_SHAPE.reshape(3, 1, 1, 1)
        core = ((at >= start + 1) & (at < stop - 1)).all(axis=0)
        about = ((at >= start - BLIND) & (at < stop + BLIND)).all(axis=0)
        seam = about & ~core
        assert seam[held].any()
        np.testing.assert_array_equal(weights[0][held] == 0, seam[held])


@pytest.mark.usefixtures("_plain")
def test_without_a_transplant_the_loss_sees_everything() -> None:
    batch = batches(host(), lesion(), share=0.0)(0)

    assert (batch["weights"] == 1).all()
    assert (batch["volumes"] >= 0).all()


@pytest.mark.usefixtures("_plain")
def test_a_study_on_another_grid_gets_no_transplant() -> None:
    batch = batches(host(shape=(100, 110, 78)), lesion())(0)

    assert (batch["volumes"] >= 0).all()


@pytest.mark.usefixtures("_plain")
def test_the_study_that_gave_a_window_is_left_as_it_was() -> None:
    study = host()
    before = study.volumes.copy()

    batches(study, lesion())(0)

    np.testing.assert_array_equal(study.volumes, before)
    assert not study.labels.any()
