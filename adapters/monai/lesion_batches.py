"""What the localizer learns from first: lesions of many patients, cut out and turned about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn import functional

from gliobench.adapters.monai.fitting import Batch
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.localizer_batches import as_seen, nested_regions
from gliobench.domain.networks.input import Shape, overlap

ROTATION = 0.4
"""Radians about each axis, at most."""
SCALING = 0.2


@dataclass(frozen=True, slots=True)
class LesionWindows:
    """How lesions are cut out.

    Args:
        shape: Voxels of a window; what a lesion's cube lacks is zero, and not looked at.
        batch_size: Lesions a batch.
    """

    shape: Shape
    batch_size: int


class LesionBatches:
    """Makes the batch of any step; the same step always gives the same batch.

    Args:
        cubes: Lesions with their surroundings.
        spacing_mm: Edge of the voxels wanted.
        windows: How they are cut out.
        seed: Of every random choice.
    """

    def __init__(
        self, cubes: Sequence[LesionCube], spacing_mm: float, *, windows: LesionWindows, seed: int
    ) -> None:
        self._shape, self._batch_size, self._seed = windows.shape, windows.batch_size, seed
        centred = [_centred(*cube.on_spacing(spacing_mm)[1:], windows.shape) for cube in cubes]
        self._lesions = torch.from_numpy(np.stack(centred))

    def __call__(self, step: int) -> Batch:
        """Make (N, 4, *S) volumes, (N, 3, *S) regions, (N, 1, *S) weights."""
        rng = np.random.default_rng((self._seed, step))
        chance = Generator().manual_seed(int(rng.integers(2**62)))
        drawn = torch.randint(len(self._lesions), (self._batch_size,), generator=chance)
        places = _places(self._batch_size, self._shape, chance)
        lesions = self._lesions[drawn]
        volumes, masks = (
            functional.grid_sample(part, places, mode=mode, align_corners=False)
            for part, mode in ((lesions[:, :4], "bilinear"), (lesions[:, 4:], "nearest"))
        )
        labels, inside = masks[:, :1], masks[:, 1:]
        seen, brain = as_seen(volumes * inside, inside, chance)
        return {
            "volumes": seen.contiguous(memory_format=torch.channels_last_3d),
            "regions": nested_regions(labels) * brain,
            "weights": inside,
        }


def _centred(
    volumes: NDArray[np.float32], labels: NDArray[np.uint8], shape: Shape
) -> NDArray[np.float32]:
    """Lay a lesion into the middle of a window: (6, *shape), four volumes, labels, where there are any."""
    start = [int((has - wanted) / 2) for has, wanted in zip(labels.shape, shape, strict=True)]
    source, target = overlap(labels.shape, start, shape)
    laid = np.zeros((6, *shape), dtype=np.float32)
    laid[:4][(slice(None), *target)] = volumes[(slice(None), *source)]
    laid[4][target] = labels[source]
    laid[5] = laid[:4].any(0)
    return laid


def _places(n: int, shape: Shape, chance: Generator) -> Tensor:
    """Draw where the voxels of N windows are taken from: (N, *S, 3), as `grid_sample` wants them."""
    angles = (torch.rand(n, 3, generator=chance) * 2 - 1) * ROTATION
    scales = 1 + (torch.rand(n, 3, generator=chance) * 2 - 1) * SCALING
    mirrors = torch.where(torch.rand(n, 3, generator=chance) < 0.5, -1.0, 1.0)
    turned = torch.eye(3).repeat(n, 1, 1)
    for angle, (first, second) in zip(angles.T, combinations(range(3), 2), strict=True):
        turn = torch.eye(3).repeat(n, 1, 1)
        turn[:, first, first] = turn[:, second, second] = angle.cos()
        turn[:, first, second], turn[:, second, first] = -angle.sin(), angle.sin()
        turned = turned @ turn
    edges = torch.tensor(shape[::-1]).float()  # grid_sample counts axes from the last, from -1 to 1
    matrices = torch.diag(1 / edges) @ turned @ torch.diag(edges) * (scales * mirrors)[:, None, :]
    affine = torch.cat([matrices, torch.zeros(n, 3, 1)], 2)
    return functional.affine_grid(affine, [n, 1, *shape], align_corners=False)
