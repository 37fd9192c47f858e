from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from gliobench.adapters.monai.lesion_batches import LesionBatches, LesionWindows
from gliobench.adapters.monai.lesions import EDGE, LesionCube
from gliobench.domain.studies.study import Grade

WINDOWS = LesionWindows(shape=(32, 32, 20), batch_size=6)


def cube(value: float = 2.0) -> LesionCube:
    """Make a cube: brain everywhere, oedema in its middle, within it core, within it enhancement."""
    labels = np.zeros((EDGE,) * 3, np.uint8)
    for label, low in ((2, 8), (1, 11), (4, 13)):
        labels[low:-low, low:-low, low:-low] = label
    volumes = np.full((4, EDGE, EDGE, EDGE), value, np.float32)
    return LesionCube("a", Grade.HGG, (48, 48, 48), volumes, labels)


def batches(*cubes: LesionCube, seed: int = 0) -> LesionBatches:
    return LesionBatches(cubes or (cube(),), 2.0, windows=WINDOWS, seed=seed)


def test_a_step_always_gives_the_same_batch_and_another_step_another() -> None:
    one, other = batches(), batches()

    assert all(torch.equal(one(3)[name], other(3)[name]) for name in one(3))
    assert not torch.equal(one(3)["volumes"], one(4)["volumes"])
    assert not torch.equal(one(3)["volumes"], batches(seed=1)(3)["volumes"])


def test_regions_are_nested_and_where_the_lesion_is() -> None:
    batch = batches()(0)

    whole, core, enhancing = batch["regions"].unbind(1)
    assert batch["volumes"].shape == (6, 4, 32, 32, 20)
    assert (whole >= core).all()
    assert (core >= enhancing).all()
    assert enhancing.sum() > 0
    assert whole[:, 16, 16, 10].all()
    assert not whole[:, 0].any()


def test_what_the_cube_does_not_hold_is_not_looked_at() -> None:
    batch = batches()(0)

    outside = batch["weights"].expand_as(batch["volumes"]) == 0
    assert outside.any()
    assert (batch["volumes"][outside] == 0).all()
    assert (batch["regions"][outside[:, :3]] == 0).all()


def test_a_lesion_keeps_its_volume_whichever_way_it_is_turned() -> None:
    volumes = torch.cat([batches()(step)["regions"][:, 0].sum((1, 2, 3)) for step in range(8)])

    _, _, labels = cube().on_spacing(2.0)
    expected = np.count_nonzero(labels)
    assert volumes.mean().item() == pytest.approx(expected, rel=0.1)
    assert volumes.std().item() > 0.05 * expected
