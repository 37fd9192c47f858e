"""Connected parts of a mask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray


@dataclass(frozen=True, eq=False)
class Parts:
    """The connected parts of a mask, by 26 neighbours: voxels that share a corner are of one part.

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
    def of(cls, mask: BoolArray) -> Parts:
        """Part a mask, (I, J, K) bool."""
        runs = _Runs.of(mask)
        n, which = scipy.sparse.csgraph.connected_components(runs.touching(), directed=False)
        return cls(mask, runs, which.astype(np.int64) + 1, int(n))

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

    def touching(self) -> scipy.sparse.coo_array:
        """Return the (R, R) graph of runs that share a corner."""
        _, j, k = self.shape
        plane, found = j * k, []
        for back in (k, plane - k, plane, plane + k):  # the rows before that touch one
            first = np.searchsorted(self.stops, self.starts - back)
            count = np.searchsorted(self.starts, self.stops - back, side="right") - first
            of_each = first - np.cumsum(count) + count
            one = np.repeat(np.arange(len(count)), count)
            found.append((one, np.arange(len(one)) + of_each[one]))
        ends = tuple(np.concatenate(end) for end in zip(*found, strict=True))
        return scipy.sparse.coo_array(
            (np.ones(len(ends[0]), np.bool_), ends), shape=(len(self.starts),) * 2
        )
