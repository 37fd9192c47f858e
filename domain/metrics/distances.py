"""Distances between two surfaces, each measured as far as a number depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import FloatArray, Spacing
from gliobench.domain.metrics.surfaces import Surface

FEW = 2000
"""Up to so many distances are all measured; of more, those that a number depends on."""
_BIN_MM, _BINS = 0.25, 40_000


@dataclass(frozen=True, slots=True)
class _Step:
    """How distances about a percentile are measured.

    Args:
        block: Edge in voxels of the blocks whose centres bound distances; 1 for each by itself.
        all_between: Whether all that may lie between the percentile's bounds are, or only those that
            may lie half-way: as many of these are above as below, which draws the bounds together.
    """

    block: int
    all_between: bool = False

    def span(self, low: float, high: float) -> tuple[float, float]:
        """Return what to settle of a percentile's bounds."""
        middle = (low + high) / 2
        return (low, high) if self.all_between else (middle, middle)


ANYWHERE = 0.0, np.inf
STEPS = _Step(4), _Step(2), _Step(1), _Step(1, all_between=True)


class Distances:
    """From each point of a surface to the nearest of another, both of at least one point.

    Each is known by its bounds, `at_least` and `at_most`, (N,) mm, which `settle` narrows down where a
    number depends on it: of large surfaces a percentile needs few of them exactly.
    """

    def __init__(self, start: Surface, end: Surface) -> None:
        self.start, self.end = start, end
        self.at_least = np.zeros(len(start.places))
        self.at_most = np.full(len(start.places), np.inf)
        if len(start.places) <= FEW:
            self._measure(np.arange(len(start.places)))
        else:
            self._look_around()

    def settle(self, *, low: float, high: float, block: int = 1) -> None:
        """Measure those that may lie within [low, high] mm, exactly or by blocks of voxels."""
        vague = self.at_most - self.at_least
        those = np.flatnonzero((self.at_least <= high) & (self.at_most >= low) & (vague > 0))
        if block == 1 or len(those) <= FEW:
            self._measure(those)
        else:
            reach = float(np.linalg.norm(self.start.spacing_mm)) * (block - 1) / 2 * (1 + 1e-9)
            self._bound(those[vague[those] > 3 * reach], block, reach)

    def within(self, tolerance_mm: float) -> int:
        """Count the points that lie within a tolerance of the other surface."""
        self.settle(low=tolerance_mm, high=tolerance_mm)
        return int(np.count_nonzero(self.at_most <= tolerance_mm))

    def _measure(self, those: NDArray[np.intp]) -> None:
        if not those.size:
            return
        voxels, spacing_mm = self.start.voxels[those], self.start.spacing_mm
        _, nearest = self.end.tree.query(voxels * spacing_mm)
        # of whole steps: a difference of positions in mm is rounded by where it lies
        apart = (voxels - self.end.voxels[nearest]) * spacing_mm
        self.at_least[those] = self.at_most[those] = np.sqrt((apart**2).sum(axis=1))

    def _bound(self, those: NDArray[np.intp], block: int, reach_mm: float) -> None:
        """Bound distances by those of the blocks' centres, none of which is further than `reach_mm`."""
        if not those.size:
            return
        of_each = self.start.voxels[those] // block
        shape = tuple(length // block + 1 for length in self.start.held.shape)
        number = np.ravel_multi_index(tuple(of_each.T), shape)
        seen = np.zeros(np.prod(shape), dtype=np.int64)
        seen[number] = 1
        blocks = np.stack(np.unravel_index(np.flatnonzero(seen), shape), axis=1)
        which = (np.cumsum(seen) - 1)[number]
        centres = blocks * block + (block - 1) / 2
        found, _ = self.end.tree.query(centres * self.start.spacing_mm)
        self.at_least[those] = np.maximum(self.at_least[those], found[which] - reach_mm)
        self.at_most[those] = np.minimum(self.at_most[those], found[which] + reach_mm)

    def _look_around(self) -> None:
        """Measure what is nearer than two voxels, by looking at the 27 about each point."""
        held, (_, j, k) = self.end.held.ravel(), self.end.held.shape
        places, left = self.start.places, np.arange(len(self.start.places))
        for apart, offsets in _around(self.start.spacing_mm):
            hit = np.zeros(len(left), dtype=np.bool_)
            for offset in offsets:
                hit |= held.take(places + int(offset @ (j * k, k, 1)))
            self.at_least[left[hit]] = self.at_most[left[hit]] = apart
            left, places = left[~hit], places[~hit]
        self.at_least[left] = 2 * min(self.start.spacing_mm)


def percentile_mm(parts: Sequence[Distances], per_cent: float) -> float:
    """Interpolate a percentile of distances linearly, those of all parts together."""
    bracket = ANYWHERE
    for step in STEPS:
        bracket = _bracket(parts, per_cent, bracket)
        low, high = step.span(*bracket)
        for part in parts:
            part.settle(low=low, high=high, block=step.block)
    # what is not settled lies beyond both neighbours of the percentile, on the side of its bound
    return float(np.percentile(np.concatenate([part.at_least for part in parts]), per_cent))


def larger_percentile_mm(directed: Sequence[Distances], per_cent: float) -> float:
    """Return the largest of several `percentile_mm`; only what may be the largest is measured."""
    brackets = [ANYWHERE] * len(directed)
    for step in STEPS:
        narrower = zip(directed, brackets, strict=True)
        brackets = [_bracket([part], per_cent, bracket) for part, bracket in narrower]
        _settle_largest(directed, brackets, step)
    return max(float(np.percentile(part.at_least, per_cent)) for part in directed)


def larger_percentile_by_area_mm(directed: Sequence[Distances], per_cent: float) -> float:
    """Return the largest distance within which a share of a surface's area lies.

    As surface-distance does: distances are ordered, and none is interpolated.
    """
    for step in STEPS:
        _settle_largest(directed, [_bracket_by_area(part, per_cent) for part in directed], step)
    return max(_by_area_mm(part, per_cent) for part in directed)


def _settle_largest(
    directed: Sequence[Distances], brackets: Sequence[tuple[float, float]], step: _Step
) -> None:
    surpassed = max(low for low, _ in brackets)
    for one, bracket in zip(directed, brackets, strict=True):
        if bracket[1] >= surpassed:
            low, high = step.span(*bracket)
            one.settle(low=low, high=high, block=step.block)


def _bracket(
    parts: Sequence[Distances], per_cent: float, before: tuple[float, float]
) -> tuple[float, float]:
    """Bound the two distances that a percentile is interpolated between, within earlier bounds."""
    least = np.concatenate([part.at_least for part in parts])
    most = np.concatenate([part.at_most for part in parts])
    below = int(per_cent / 100 * (len(least) - 1))
    above = min(below + 1, len(least) - 1)
    return _nth(least, below, before), _nth(most, above, before)


def _nth(values: FloatArray, n: int, bounds: tuple[float, float]) -> float:
    """Return the n-th smallest value, counted from 0, which lies within bounds but for rounding."""
    low, high = bounds[0] * (1 - 1e-9), bounds[1] * (1 + 1e-9)
    near = values[(values >= low) & (values <= high)]
    n -= int(np.count_nonzero(values < low))
    return float(np.partition(near, n)[n])


def _bracket_by_area(one: Distances, per_cent: float) -> tuple[float, float]:
    """Bound the distance within which a share of the area lies, by bins."""
    areas, edges = one.start.areas, []
    for bound in (one.at_least, one.at_most):
        bins = np.minimum(bound / _BIN_MM, _BINS).astype(np.int64)
        reached = np.cumsum(np.bincount(bins, weights=areas))
        edges.append(int(np.searchsorted(reached, reached[-1] * per_cent / 100 * (1 - 1e-9))))
    return edges[0] * _BIN_MM, (edges[1] + 1) * _BIN_MM if edges[1] < _BINS else np.inf


def _by_area_mm(one: Distances, per_cent: float) -> float:
    low, high = _bracket_by_area(one, per_cent)
    areas, order = one.start.areas, np.arange(len(one.at_least))
    nearer_mm2 = 0.0
    if len(order) > FEW:
        nearer = one.at_most < low
        nearer_mm2 = float(np.sum(areas[nearer]))
        order = np.flatnonzero(~nearer & (one.at_least <= high))
    order = order[np.lexsort((areas[order], one.at_least[order]))]
    whole_mm2 = np.sum(areas[order] if len(order) == len(areas) else areas)
    reached = (nearer_mm2 + np.cumsum(areas[order])) / whole_mm2
    at = int(np.searchsorted(reached, per_cent / 100))
    return float(one.at_least[order[min(at, len(order) - 1)]])


@lru_cache(maxsize=16)
def _around(spacing_mm: Spacing) -> list[tuple[float, list[NDArray[np.int64]]]]:
    """List the offsets within a voxel that are shorter than two voxels, by their length in mm."""
    found: dict[float, list[NDArray[np.int64]]] = {}
    for offset in product((-1, 0, 1), repeat=3):
        apart = float(np.sqrt(np.sum((np.array(offset) * spacing_mm) ** 2)))
        found.setdefault(apart, []).append(np.array(offset))
    return [(apart, found[apart]) for apart in sorted(found) if apart < 2 * min(spacing_mm)]
