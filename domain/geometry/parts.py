"""Connected parts of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray


class Touching(Enum):
    """Which neighbours a voxel is connected to."""

    CORNERS = "26 neighbours, which share a corner at least"
    FACES = "6 neighbours, which share a face"
    FACES_IN_PLANE = "4 neighbours of the same i"


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a mask.

    Args:
        mask: (I, J, K) bool.
        runs: Its voxels in a row along k.
        number: (R,) the part that each run is of, counted from 1 in the order of first voxels.
        n: How many parts there are.
    """

    mask: BoolArray
    runs: _Runs
    number: NDArray[np.int64]
    n: int

    @classmethod
    def of(cls, mask: BoolArray, touching: Touching = Touching.CORNERS) -> Parts:
        """Part a mask, (I, J, K) bool."""
        runs = _Runs.of(mask)
        which = groups(len(runs.starts), *runs.touching(touching))
        return cls(mask, runs, which + 1, int(which.max(initial=-1)) + 1)

    def joined(self, larger: Parts, *, offset: int) -> Parts:
        """Number the same voxels as the parts of a mask that holds them all, and nothing apart from them.

        Args:
            larger: Of a mask with as many more voxels at each of its six sides as `offset`.
            offset: Voxels.
        """
        i, j, k = self.runs.voxels.T + offset
        return Parts(self.mask, self.runs, larger.labels[i, j, k].astype(np.int64), larger.n)

    @cached_property
    def labels(self) -> NDArray[np.unsignedinteger[Any]]:
        """(I, J, K) the number of the part that a voxel is of, 0 outside; of as few bytes as they need."""
        labels = np.zeros(self.mask.shape, dtype=np.min_scalar_type(self.n))
        labels[self.mask] = np.repeat(self.number.astype(labels.dtype), self.runs.lengths)
        return labels

    def having(self, chosen: BoolArray) -> BoolArray:
        """Return (I, J, K) bool, the voxels of some parts; `chosen` is (N + 1,) by number, 0 is ignored."""
        mask = np.zeros_like(self.mask)
        mask[self.mask] = np.repeat(chosen[self.number], self.runs.lengths)
        return mask

    @cached_property
    def n_voxels(self) -> NDArray[np.int64]:
        """(N + 1,) by number, 0 for the outside."""
        counts = np.bincount(self.number, weights=self.runs.lengths, minlength=self.n + 1)
        return counts.astype(np.int64)

    @cached_property
    def boxes(self) -> list[tuple[slice, ...]]:
        """Of each part, in order."""
        low = np.full((self.n, 3), np.iinfo(np.int64).max)
        high = np.zeros((self.n, 3), dtype=np.int64)
        np.minimum.at(low, self.number - 1, self.runs.voxels)
        np.maximum.at(high, self.number - 1, self.runs.ends)
        return [
            tuple(slice(*span) for span in zip(start, stop, strict=True))
            for start, stop in zip(low.tolist(), high.tolist(), strict=True)
        ]


@dataclass(frozen=True, eq=False)
class _Runs:
    """Voxels of a mask in a row along k: far fewer than voxels.

    Args:
        starts: (R,) the first of each run, in an array with an empty row at j = 0 of each plane and an
            empty voxel at both ends of each row, flattened.
        stops: (R,) one beyond the last.
        shape: Of that array.
    """

    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    shape: tuple[int, int, int]

    @classmethod
    def of(cls, mask: BoolArray) -> _Runs:
        """Find the runs of a mask, (I, J, K) bool."""
        padded = np.pad(mask, ((0, 0), (1, 0), (1, 1)))
        flat, (i, j, k) = padded.ravel(), padded.shape
        edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
        return cls(np.ascontiguousarray(edges[::2]), np.ascontiguousarray(edges[1::2]), (i, j, k))

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(R,) voxels."""
        return self.stops - self.starts

    @cached_property
    def voxels(self) -> NDArray[np.int64]:
        """(R, 3) the first voxel of each in the mask."""
        _, j, k = self.shape
        rows, along = np.divmod(self.starts, k)
        voxels: NDArray[np.int64] = np.stack([*np.divmod(rows, j), along], axis=1)
        voxels[:, 1:] -= 1
        return voxels

    @property
    def ends(self) -> NDArray[np.int64]:
        """(R, 3) one beyond the last voxel along each axis."""
        ends: NDArray[np.int64] = self.voxels + 1
        ends[:, 2] += self.lengths - 1
        return ends

    def touching(self, by: Touching) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the pairs of runs that touch: the first and the second of each."""
        _, j, k = self.shape
        plane, found = j * k, []
        rows_before = {
            Touching.CORNERS: (k, plane - k, plane, plane + k),
            Touching.FACES: (k, plane),
            Touching.FACES_IN_PLANE: (k,),
        }[by]
        apart = 0 if by is Touching.CORNERS else 1  # a run that ends where another begins
        for back in rows_before:
            first = np.searchsorted(self.stops, self.starts - back + apart)
            count = np.searchsorted(self.starts, self.stops - back - apart, side="right") - first
            of_each = first - np.cumsum(count) + count
            one = np.repeat(np.arange(len(count)), count)
            found.append((one, np.arange(len(one)) + of_each[one]))
        one, other = (np.concatenate(end) for end in zip(*found, strict=True))
        return one, other


def groups(n: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group things that are connected, directly or by others.

    Args:
        n: How many things.
        one: (P,) in [0, n), of each pair that is connected.
        other: (P,) likewise.

    Returns:
        (N,) the group of each, counted from 0 in the order of their first members.
    """
    first = np.arange(n)
    while (apart := first[one] != first[other]).any():
        one, other = one[apart], other[apart]
        ends = first[one], first[other]
        np.minimum.at(first, np.maximum(*ends), np.minimum(*ends))
        while (nearer := first[first]).tobytes() != first.tobytes():
            first = nearer
    group: NDArray[np.int64] = np.unique(first, return_inverse=True)[1]
    return group


def filled(planes: BoolArray) -> BoolArray:
    """Fill the holes of planes: what is not connected to their outside by 4 neighbours.

    Args:
        planes: (N, I, J) bool.
    """
    empty = np.pad(~planes, ((0, 0), (1, 1), (1, 1)), constant_values=True)
    labels = Parts.of(empty, Touching.FACES_IN_PLANE).labels
    return np.asarray(labels != labels[:, :1, :1])[:, 1:-1, 1:-1]
