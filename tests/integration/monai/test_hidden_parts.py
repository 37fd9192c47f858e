from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")

import torch
from torch import Generator

from gliobench.adapters.monai import hidden_parts
from gliobench.adapters.monai.hidden_parts import (
    COMPLETE_SHARE,
    LARGEST_CUT,
    SUBSETS,
    partly_masked,
    without_some,
)
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import Modality


def chance(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def test_eleven_incomplete_sets_of_sequences_can_be_answered() -> None:
    assert len(set(SUBSETS)) == 11
    assert all({Modality.T1C, Modality.T2F} & kept for kept in SUBSETS)


def test_every_set_is_met_and_the_complete_one_about_as_often_as_meant() -> None:
    kept = without_some(torch.ones(4000, 4, 2), chance())[..., 0]

    met = {
        frozenset(m for m, there in zip(MODALITY_ORDER, row, strict=True) if there) for row in kept
    }
    assert met == {*SUBSETS, frozenset(MODALITY_ORDER)}
    assert kept.all(1).float().mean().item() == pytest.approx(COMPLETE_SHARE, abs=0.03)


def test_what_is_kept_is_as_it_was_and_what_is_absent_is_zero() -> None:
    volumes = torch.randn(50, 4, 3, 3, 3, generator=chance())

    seen = without_some(volumes, chance(1))

    for before, after in zip(volumes.flatten(0, 1), seen.flatten(0, 1), strict=True):
        assert torch.equal(after, before) or not after.any()


def test_a_mask_only_ever_loses_voxels() -> None:
    brain = torch.zeros(40, 1, 12, 12, 12)
    brain[..., 2:10, 2:10, 2:10] = 1

    seen = partly_masked(brain, chance())

    assert (seen <= brain).all()
    changed = (seen != brain).flatten(1).any(1).float().mean().item()
    assert 0.02 < changed < 0.5


def test_an_eroded_mask_loses_its_outermost_voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden_parts, "ERODED_SHARE", 1.0)
    monkeypatch.setattr(hidden_parts, "CUT_SHARE", 0.0)
    brain = torch.zeros(1, 1, 9, 9, 9)
    brain[..., 2:7, 2:7, 2:7] = 1

    seen = partly_masked(brain, chance())

    wanted = torch.zeros_like(brain)
    wanted[..., 3:6, 3:6, 3:6] = 1
    assert torch.equal(seen, wanted)


def test_a_cut_takes_at_most_a_fifth_from_one_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hidden_parts, "ERODED_SHARE", 0.0)
    monkeypatch.setattr(hidden_parts, "CUT_SHARE", 1.0)

    seen = partly_masked(torch.ones(200, 1, 20, 20, 20), chance())

    for mask in seen[:, 0]:
        lines = [mask.amax(others) for others in ((1, 2), (0, 2), (0, 1))]
        gone = [int((line == 0).sum()) for line in lines]
        assert sum(n > 0 for n in gone) <= 1
        assert max(gone) <= LARGEST_CUT * 20
        assert mask.sum() == 20 * 20 * (20 - max(gone))
