"""What a network does not get to see: absent sequences, and brain that a mask cuts off."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import ESSENTIAL

COMPLETE_SHARE = 0.65
"""Of the images, those with all four sequences."""
ERODED_SHARE = 0.1
CUT_SHARE = 0.1
LARGEST_CUT = 0.2
"""Of a window's length."""
SUBSETS = tuple(
    frozenset(kept)
    for n in range(1, len(MODALITY_ORDER))
    for kept in combinations(MODALITY_ORDER, n)
    if set(ESSENTIAL) & set(kept)
)
"""The incomplete sets of sequences that can be answered."""


def without_some(volumes: Tensor, chance: Generator) -> Tensor:
    """Leave out sequences of a third of the (N, 4, …) volumes: an absent one is zero."""
    kept = torch.ones(volumes.shape[:2])
    for n in range(len(volumes)):
        if torch.rand(1, generator=chance).item() >= COMPLETE_SHARE:
            subset = SUBSETS[int(torch.randint(len(SUBSETS), (1,), generator=chance))]
            kept[n] = torch.tensor([float(modality in subset) for modality in MODALITY_ORDER])
    return volumes * kept[(..., *[None] * (volumes.ndim - 2))]


def partly_masked(brain: Tensor, chance: Generator) -> Tensor:
    """Erode some of (N, 1, i, j, k) masks by a voxel, and cut others off along an axis."""
    masks = []
    for mask in brain.split(1):
        seen = mask
        if torch.rand(1, generator=chance).item() < ERODED_SHARE:
            seen = 1 - functional.max_pool3d(1 - seen, 3, 1, 1)
        if torch.rand(1, generator=chance).item() < CUT_SHARE:
            seen = _cut_off(seen, chance)
        masks.append(seen)
    return torch.cat(masks)


def _cut_off(mask: Tensor, chance: Generator) -> Tensor:
    axis = int(torch.randint(2, mask.ndim, (1,), generator=chance))
    length = mask.shape[axis]
    gone = int(torch.rand(1, generator=chance).item() * LARGEST_CUT * length)
    far = torch.rand(1, generator=chance).item() < 0.5
    places = torch.arange(length)
    kept = places < length - gone if far else places >= gone
    shape = [-1 if n == axis else 1 for n in range(mask.ndim)]
    return mask * kept.reshape(shape).float()
