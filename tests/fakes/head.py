"""A head of ellipsoids in memory: a brain with a tumour, and on demand scalp and skull about it."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import Grid

SPACING_MM = 4.0
SHAPE = (52, 60, 44)
GRID = Grid(shape=SHAPE, affine=np.diag([SPACING_MM, SPACING_MM, SPACING_MM, 1.0]))
BRAIN_MM = (68.0, 84.0, 62.0)
"""Half axes, of 1.48 litres."""


def brain(half_mm: tuple[float, float, float] = BRAIN_MM, seed: int = 0) -> NDArray[np.float32]:
    """Draw a brain of 300 ± 30 with a tumour of 500, zero about it."""
    random = np.random.default_rng(seed)
    inside = _ellipsoid(half_mm)
    volume = np.where(inside, random.normal(300, 30, SHAPE), 0)
    volume[30:36, 24:30, 20:26] += 200 * inside[30:36, 24:30, 20:26]
    return volume.astype(np.float32)


def with_skull(brain: NDArray[np.float32], *, scalp: float, skull: float) -> NDArray[np.float32]:
    """Lay 8 mm of skull and 8 mm of scalp about the brain, both of one brightness."""
    x, y, z = BRAIN_MM
    head = np.where(_ellipsoid((x + 16, y + 16, z + 16)), scalp, 0)
    head[_ellipsoid((x + 8, y + 8, z + 8))] = skull
    return np.where(brain != 0, brain, head).astype(np.float32)


@cache
def _ellipsoid(half_mm: tuple[float, float, float]) -> NDArray[np.bool_]:
    axes = np.indices(SHAPE) - (np.array(SHAPE)[:, None, None, None] - 1) / 2
    scaled = axes * SPACING_MM / np.array(half_mm)[:, None, None, None]
    return np.asarray((scaled**2).sum(axis=0) <= 1)
