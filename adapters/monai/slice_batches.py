"""What the networks of slices learn from: whole batches, altered at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch
from gliobench.adapters.monai.randomise import rescanned
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, eq=False)
class TrainingSlice:
    """A picture ready for a network.

    Args:
        patient_id: Whose it is.
        grade: Its reference grade; None where it is unknown.
        pixels: (I, J) float32 z-scores, zero outside the brain.
        tumour: (I, J) float32, share of each pixel that is tumour.
    """

    patient_id: str
    grade: Grade | None
    pixels: NDArray[np.float32]
    tumour: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Alterations:
    """What is done to pictures beside scanning them anew.

    Args:
        turn: Largest angle, in radians.
        zoom: Largest factor, as its logarithm.
        shift: Largest way, in fractions of half the picture.
        warp: Deviation of a smooth displacement, likewise.
        transplants: Share of pictures that get another patient's tumour besides.
    """

    turn: float
    zoom: float = 0.2
    shift: float = 0.12
    warp: float = 0.0
    transplants: float = 0.0


FOR_LOCALIZER = Alterations(turn=0.35, warp=0.03, transplants=0.5)
FOR_GRADER = Alterations(turn=math.pi)


class SliceBatches:
    """Makes the batch of any step; the same step always gives the same batch.

    Args:
        slices: Of one shape. In groups, each drawn from as often as the others.
        size: (I, J) of the batch's pictures, cut from the middle.
        alterations: What is done to them.
        beside_mirror: Whether each picture has its mirror image as a second channel.
        batch_size: Pictures a batch.
        seed: Of every random choice.
    """

    def __init__(
        self,
        slices: Sequence[Sequence[TrainingSlice]],
        *,
        size: tuple[int, int],
        alterations: Alterations,
        beside_mirror: bool,
        batch_size: int,
        seed: int,
    ) -> None:
        self._groups = [
            torch.from_numpy(np.stack([np.stack([s.pixels, s.tumour]) for s in group]))
            for group in slices
        ]
        self._hgg = [
            torch.tensor([[float(s.grade is Grade.HGG)] for s in group]) for group in slices
        ]
        self._size = size
        self._alterations = alterations
        self._beside_mirror = beside_mirror
        self._batch_size = batch_size
        self._seed = seed

    def __call__(self, step: int) -> Batch:
        """Make (N, 1 or 2, I, J) volumes, (N, 1, I, J) regions of 0 and 1, and (N, 1) hgg."""
        rng = np.random.default_rng((self._seed, step))
        chance = Generator().manual_seed(int(rng.integers(2**62)))
        each = self._batch_size // len(self._groups)
        chosen = [torch.from_numpy(rng.integers(len(group), size=each)) for group in self._groups]
        pictures = torch.cat([g[c] for g, c in zip(self._groups, chosen, strict=True)])
        pixels, tumour = _transplanted(pictures, self._alterations.transplants, chance).split(1, 1)
        shown = torch.cat([pixels, pixels.flip(2)], 1) if self._beside_mirror else pixels
        stacked = torch.cat([tumour, shown, (shown != 0).float()], 1)
        moved = _moved(stacked, self._size, self._alterations, chance)
        tumour, pixels, brain = moved.split([1, shown.shape[1], shown.shape[1]], dim=1)
        seen = rescanned(pixels, chance) * (brain > 0.5)
        return {
            "volumes": seen.contiguous(memory_format=torch.channels_last),
            "regions": (tumour > 0.5).float(),
            "hgg": torch.cat([h[c] for h, c in zip(self._hgg, chosen, strict=True)]),
        }


def _transplanted(pictures: Tensor, share: float, chance: Generator) -> Tensor:
    """Lay tumours, as they are or mirrored, where they lay, into other brains of a batch.

    Args:
        pictures: (N, 2, I, J), pixels and tumour.
        share: Of the pictures.
        chance: Of every choice.
    """
    n = len(pictures)
    donors = pictures[torch.randperm(n, generator=chance)]
    donors = torch.where(_each(0.0, 1.0, n, chance) < 0.5, donors, donors.flip(2))
    both_brains = (pictures[:, :1] != 0) & (donors[:, :1] != 0)
    region = functional.max_pool2d((donors[:, 1:] > 0.5).float(), 5, 1, 2)
    soft = functional.avg_pool2d(region, 3, 1, 1) * both_brains
    soft = soft * (_each(0.0, 1.0, n, chance) < share)
    pixels = torch.lerp(pictures[:, :1], donors[:, :1], soft)
    tumour = torch.maximum(pictures[:, 1:], donors[:, 1:] * (soft > 0.5))
    return torch.cat([pixels, tumour], 1)


def _moved(pictures: Tensor, size: tuple[int, int], to: Alterations, chance: Generator) -> Tensor:
    """Turn, zoom, mirror, shift and warp (N, C, H, W) pictures."""
    n, _, *whole = pictures.shape
    turn = _between(-to.turn, to.turn, n, chance)
    mirror = torch.sign(torch.rand(n, generator=chance) - 0.5)
    zoom = torch.exp(_between(-to.zoom, to.zoom, n, chance))
    across, down = zoom * torch.cos(turn), zoom * torch.sin(turn)
    # from the batch's pixels to the picture's: rows i, columns j, both counted from the middle
    to_i = torch.stack([mirror * across, -mirror * down], 1)
    to_j = torch.stack([down, across], 1)
    rows, columns = (torch.arange(length) - (length - 1) / 2 for length in size)
    at = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)
    where = []
    for weights, length in ((to_j, whole[1]), (to_i, whole[0])):  # grid_sample wants x first
        shift = _between(-to.shift, to.shift, n, chance)
        where.append((at * weights[:, None, None]).sum(-1) * 2 / length + shift[:, None, None])
    warp = torch.randn(n, 2, 6, 6, generator=chance) * to.warp
    smooth = functional.interpolate(warp, size=size, mode="bicubic", align_corners=True)
    grid = torch.stack(where, -1) + smooth.permute(0, 2, 3, 1)
    return functional.grid_sample(pictures, grid, align_corners=False)


def _between(low: float, high: float, n: int, chance: Generator) -> Tensor:
    return torch.rand(n, generator=chance) * (high - low) + low


def _each(low: float, high: float, n: int, chance: Generator) -> Tensor:
    """Draw one number a picture, (N, 1, 1, 1)."""
    return _between(low, high, n, chance)[:, None, None, None]
