from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch
from torch import Tensor, nn

from gliobench.adapters.monai.networks import CoarseToFine

SHAPE = (12, 20, 16)
WINDOW = (4, 8, 8)


class Coarse(nn.Module):
    """Takes the first channel for logits of the whole tumour, and is as sure of the others: 1."""

    def forward(self, volumes: Tensor) -> Tensor:
        whole = volumes[:, :1]
        return torch.cat([whole, torch.ones_like(whole), torch.ones_like(whole)], 1)


class Fine(nn.Module):
    """Answers with the second channel for the core and the third for enhancing tumour."""

    def forward(self, volumes: Tensor) -> Tensor:
        self.seen = volumes
        return volumes[:, 0:3]


def volumes(*boxes: tuple[slice, slice, slice]) -> Tensor:
    """Give numbers that differ everywhere, one volume for each tumour."""
    numbers = torch.arange(len(boxes) * 4 * 12 * 20 * 16, dtype=torch.float32)
    made = numbers.reshape(len(boxes), 4, *SHAPE)
    made[:, 0] = -1
    for volume, box in zip(made, boxes, strict=True):
        volume[(0, *box)] = 1
    return made


MIDDLE = (slice(4, 6), slice(6, 12), slice(5, 9))
CORNER = (slice(0, 2), slice(18, 20), slice(14, 16))


def test_the_fine_network_sees_the_voxels_about_the_tumour() -> None:
    fine = Fine()
    brains = volumes(MIDDLE, CORNER)

    CoarseToFine(Coarse(), fine, WINDOW)(brains)

    assert torch.equal(fine.seen[0], brains[0, :, 3:7, 5:13, 3:11])
    assert torch.equal(fine.seen[1], brains[1, :, 0:4, 12:20, 8:16])


def test_of_core_and_enhancing_tumour_the_mean_is_taken_where_both_looked() -> None:
    brains = volumes(MIDDLE)

    logits = CoarseToFine(Coarse(), Fine(), WINDOW)(brains)

    expected = torch.ones(2, *SHAPE)
    window = (slice(None), slice(3, 7), slice(5, 13), slice(3, 11))
    expected[window] = (1 + brains[0, 1:3][window]) / 2
    assert torch.equal(logits[0, 1:], expected)


def test_the_whole_tumour_is_as_the_coarse_network_sees_it() -> None:
    brains = volumes(MIDDLE, CORNER)

    logits = CoarseToFine(Coarse(), Fine(), WINDOW)(brains)

    assert torch.equal(logits[:, :1], brains[:, :1])


def test_a_brain_without_tumour_and_one_smaller_than_the_window_are_answered() -> None:
    brains = volumes(MIDDLE)
    brains[:, 0] = -1

    logits = CoarseToFine(Coarse(), Fine(), (64, 64, 64))(brains)

    assert torch.equal(logits[0, 1:], (1 + brains[0, 1:3]) / 2)
