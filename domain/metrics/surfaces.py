"""Surfaces of masks: their border voxels, or the elements between voxels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import permutations, product
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

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
        held: (I, J, K) bool, where there is a point; the outermost layer has none.
        spacing_mm: Edges of the lattice along (i, j, k).
        areas: (N,) mm² of the surface about each point; 1 each where all count alike.
    """

    held: BoolArray
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
        padded[within] ^= inner
        return cls(padded, spacing_mm, np.ones(int(np.count_nonzero(padded))))

    @classmethod
    def elements(cls, mask: BoolArray, spacing_mm: Spacing) -> Surface:
        """Take the surface between voxels by marching cubes, outside the array there being nothing.

        Args:
            mask: (I, J, K) bool.
            spacing_mm: Voxel edges along (i, j, k).

        Source: Nikolov et al., J Med Internet Res 2021.
        """
        codes = _neighbourhoods(mask)
        held = codes + np.uint8(1) > 1  # neither 0 nor 255
        return cls(held, spacing_mm, _areas_mm2(spacing_mm)[codes[held]])

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """(N,) of each point in the flattened lattice, in order."""
        return np.flatnonzero(self.held)

    @cached_property
    def voxels(self) -> Voxels:
        """(N, 3) int64 of each point, counted from within the outermost layer."""
        _, j, k = self.held.shape
        first, rest = np.divmod(self.places, j * k)
        return np.stack([first, *np.divmod(rest, k)], axis=1) - 1

    @cached_property
    def tree(self) -> scipy.spatial.KDTree:
        """For the nearest point in mm; built for as few queries as there are points."""
        at_mm = self.voxels * self.spacing_mm
        return scipy.spatial.KDTree(at_mm, leafsize=32, compact_nodes=False, balanced_tree=False)


def _neighbourhoods(mask: BoolArray) -> NDArray[np.uint8]:
    """Number the 2×2×2 voxels about each corner, with one layer beyond, (I + 3, J + 3, K + 3)."""
    codes: NDArray[np.uint8] = np.pad(mask, 2).view(np.uint8)
    codes = codes[:, :, :-1] << np.uint8(1) | codes[:, :, 1:]
    codes = codes[:, :-1] << np.uint8(2) | codes[:, 1:]
    return codes[:-1] << np.uint8(4) | codes[1:]


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
