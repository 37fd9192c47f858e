"""Surfaces of masks: their border voxels, or the elements between voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations, product
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Spacing

Voxels: TypeAlias = NDArray[np.int64]
_ELEMENTS: dict[int, tuple[tuple[int, int, int], ...]] = {
    1: ((1, 1, 1),),
    3: ((2, 2, 0), (2, 2, 0)),
    6: ((1, 1, 1), (1, 1, 1)),
    7: ((4, 0, 0), (2, 2, 2), (1, 1, 1)),
    15: ((4, 0, 0), (4, 0, 0)),
    22: ((1, 1, 1), (1, 1, 1), (1, 1, 1)),
    23: ((1, 1, 1), (2, 2, 2), (2, 2, 2), (1, 1, 1)),
    24: ((1, 1, 1), (1, 1, 1)),
    25: ((0, 2, 2), (0, 2, 2), (1, 1, 1)),
    27: ((1, 1, 1), (3, 3, 3), (0, 2, 2), (2, 0, 2)),
    30: ((4, 0, 0), (1, 1, 1), (2, 2, 2), (1, 1, 1)),
    60: ((2, 2, 0), (2, 2, 0), (2, 2, 0), (2, 2, 0)),
    105: ((1, 1, 1), (1, 1, 1), (1, 1, 1), (1, 1, 1)),
}
"""Marching cubes between 8 voxels, one neighbourhood for all that are its mirror image, turn or
complement: the faces of the surface by their normals along (i, j, k), in eighths of a voxel's face.
DeepMind's surface-distance, whose HD95 BraTS uses, lists them for all 256."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Points of a surface on a lattice.

    Args:
        voxels: (N, 3) int64.
        spacing_mm: Edges of the lattice along (i, j, k).
        areas: (N,) mm² of the surface about each point; 1 each where all count alike.
    """

    voxels: Voxels
    spacing_mm: Spacing
    areas: FloatArray

    @classmethod
    def border(cls, mask: BoolArray, spacing_mm: Spacing) -> Surface:
        """Take the voxels of a mask that share a face with the outside, the array's edge included.

        Args:
            mask: (I, J, K) bool.
            spacing_mm: Voxel edges along (i, j, k).
        """
        padded = np.pad(mask, 1)
        within = (slice(1, -1),) * 3
        inner = mask.copy()
        for axis in range(3):
            for side in (slice(0, -2), slice(2, None)):
                inner &= padded[(*within[:axis], side, *within[axis + 1 :])]
        voxels = _voxels(mask & ~inner)
        return cls(voxels, spacing_mm, np.ones(len(voxels)))

    @classmethod
    def elements(cls, mask: BoolArray, spacing_mm: Spacing) -> Surface:
        """Take the surface between voxels by marching cubes, outside the array there being nothing.

        Args:
            mask: (I, J, K) bool.
            spacing_mm: Voxel edges along (i, j, k).

        Source: Nikolov et al., J Med Internet Res 2021.
        """
        codes = _neighbourhoods(mask)
        voxels = _voxels((codes != 0) & (codes != 255))
        areas = _areas_mm2(spacing_mm)[codes[tuple(voxels.T)]]
        return cls(voxels, spacing_mm, areas)

    @cached_property
    def tree(self) -> KDTree:
        """For the nearest point in mm; built for as few queries as there are points."""
        at_mm = self.voxels * self.spacing_mm
        return KDTree(at_mm, leafsize=32, compact_nodes=False, balanced_tree=False)


def _voxels(mask: BoolArray) -> Voxels:
    """List the voxels of a mask as `np.argwhere` does, in half the time."""
    first, rest = np.divmod(np.flatnonzero(mask), mask.shape[1] * mask.shape[2])
    return np.stack([first, *np.divmod(rest, mask.shape[2])], axis=1)


def _neighbourhoods(mask: BoolArray) -> NDArray[np.uint8]:
    """Number the 2×2×2 voxels about each corner between voxels, (I + 1, J + 1, K + 1)."""
    padded = np.pad(mask, 1).view(np.uint8)
    codes = np.zeros([length + 1 for length in mask.shape], dtype=np.uint8)
    for i, j, k in product((0, 1), repeat=3):
        part = padded[
            tuple(slice(at, at + n) for at, n in zip((i, j, k), codes.shape, strict=True))
        ]
        codes |= part << _bit((i, j, k))
    return codes


def _bit(corner: tuple[int, ...]) -> int:
    return 7 - (4 * corner[0] + 2 * corner[1] + corner[2])


@lru_cache(maxsize=16)
def _areas_mm2(spacing_mm: Spacing) -> FloatArray:
    """Return the area of the surface by the number of a neighbourhood, (256,)."""
    i, j, k = spacing_mm
    faces_mm2 = np.array([j * k, i * k, i * j])
    areas = np.zeros(256)
    for code, normals in _ELEMENTS.items():
        for turn, mirror in product(permutations(range(3)), product((0, 1), repeat=3)):
            image = _image(code, turn, mirror)
            turned = np.array(normals)[:, turn] / 8
            area = sum(float(np.linalg.norm(normal * faces_mm2)) for normal in turned)
            areas[image] = areas[255 - image] = area
    return areas


def _image(code: int, turn: tuple[int, ...], mirror: tuple[int, ...]) -> int:
    image = 0
    for corner in product((0, 1), repeat=3):
        if code >> _bit(corner) & 1:
            image |= 1 << _bit(tuple(corner[turn[axis]] ^ mirror[axis] for axis in range(3)))
    return image
