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
from gliobench.domain.study import Grade

DARKEST_Z = -3.0
"""Gamma bends z-scores from here up; anything darker is as dark."""


@dataclass(frozen=True, eq=False)
class TrainingSlice:
    """A picture ready for a network.

    Args:
        patient_id: Whose it is.
        grade: Its reference grade; None where nobody knows.
        pixels: (I, J) float32 z-scores, zero outside the brain.
        tumour: (I, J) float32, share of each pixel that is tumour.
    """

    patient_id: str
    grade: Grade | None
    pixels: NDArray[np.float32]
    tumour: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Moves:
    """How far pictures are moved.

    Args:
        turn: Largest angle, in radians.
        zoom: Largest factor, as its logarithm.
        shift: Largest way, in fractions of half the picture.
    """

    turn: float
    zoom: float = 0.2
    shift: float = 0.12


class SliceBatches:
    """Makes the batch of any step; the same step always gives the same batch.

    Args:
        slices: Of one shape. In groups, each drawn from as often as the others.
        size: (I, J) of the batch's pictures, cut from the middle.
        moves: How far pictures are moved.
        batch_size: Pictures a batch.
        seed: Of every random choice.
    """

    def __init__(
        self,
        slices: Sequence[Sequence[TrainingSlice]],
        *,
        size: tuple[int, int],
        moves: Moves,
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
        self._moves = moves
        self._batch_size = batch_size
        self._seed = seed

    def __call__(self, step: int) -> Batch:
        """Make (N, 1, I, J) pixels, (N, 1, I, J) tumour of 0 and 1, and (N, 1) hgg."""
        rng = np.random.default_rng((self._seed, step))
        chance = Generator().manual_seed(int(rng.integers(2**62)))
        each = self._batch_size // len(self._groups)
        chosen = [torch.from_numpy(rng.integers(len(one), size=each)) for one in self._groups]
        pictures = torch.cat([g[c] for g, c in zip(self._groups, chosen, strict=True)])
        moved = _moved(pictures, self._size, self._moves, chance)
        pixels, tumour, brain = moved.split(1, dim=1)
        seen = _rescanned(pixels, chance) * (brain > 0.5)
        return {
            "pixels": seen.contiguous(memory_format=torch.channels_last),
            "tumour": (tumour > 0.5).float(),
            "hgg": torch.cat([h[c] for h, c in zip(self._hgg, chosen, strict=True)]),
        }


def _moved(pictures: Tensor, size: tuple[int, int], moves: Moves, chance: Generator) -> Tensor:
    """Turn, zoom, mirror and shift (N, 2, H, W) pictures, and add where the brain is."""
    n, _, *whole = pictures.shape
    turn = _between(-moves.turn, moves.turn, n, chance)
    mirror = torch.sign(torch.rand(n, generator=chance) - 0.5)
    zoom = torch.exp(_between(-moves.zoom, moves.zoom, n, chance))
    across, down = zoom * torch.cos(turn), zoom * torch.sin(turn)
    # from the batch's pixels to the picture's: rows i, columns j, both counted from the middle
    to_i = torch.stack([mirror * across, -mirror * down], 1)
    to_j = torch.stack([down, across], 1)
    rows, columns = (torch.arange(length) - (length - 1) / 2 for length in size)
    at = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), -1)
    where = []
    for weights, length in ((to_j, whole[1]), (to_i, whole[0])):  # grid_sample wants x first
        shift = _between(-moves.shift, moves.shift, n, chance)
        where.append((at * weights[:, None, None]).sum(-1) * 2 / length + shift[:, None, None])
    stacked = torch.cat([pictures, (pictures[:, :1] != 0).float()], 1)
    return functional.grid_sample(stacked, torch.stack(where, -1), align_corners=False)


def _rescanned(pixels: Tensor, chance: Generator) -> Tensor:
    """Alter what differs between scanners: gain, offset, coil shading, contrast, blur and noise."""
    n, _, *size = pixels.shape
    coils = torch.randn(n, 1, 4, 4, generator=chance) * 0.25
    shading = functional.interpolate(coils, size=size, mode="bicubic", align_corners=True)
    seen = pixels * _each(0.8, 1.2, n, chance) + _each(-0.3, 0.3, n, chance)
    seen = seen + shading * _each(0.0, 1.0, n, chance)
    gamma = torch.exp(_each(-0.35, 0.35, n, chance))
    scaled = (seen - DARKEST_Z).clamp(min=1e-3) / -2 / DARKEST_Z
    seen = scaled.pow(gamma) * -2 * DARKEST_Z + DARKEST_Z
    blurred = _each(0.0, 1.0, n, chance) * (_each(0.0, 1.0, n, chance) < 0.3)
    seen = torch.lerp(seen, functional.avg_pool2d(seen, 3, 1, 1), blurred)
    noise = torch.randn(seen.shape, generator=chance)
    return seen + noise * _each(0.0, 0.12, n, chance)


def _between(low: float, high: float, n: int, chance: Generator) -> Tensor:
    return torch.rand(n, generator=chance) * (high - low) + low


def _each(low: float, high: float, n: int, chance: Generator) -> Tensor:
    """Draw one number a picture, (N, 1, 1, 1)."""
    return _between(low, high, n, chance)[:, None, None, None]


ANY_TURN = Moves(turn=math.pi)
A_LITTLE = Moves(turn=0.35)
