"""Lesion-wise scores by the rule of BraTS 2026.

Parts of both masks are matched one to one; Dice, NSD and HD95 are means over the matched pairs, and
misses and false alarms count in F1. The challenge of metastases counts them in the means too.

Source: brats-evaluation 0.0.10 with panoptica 2.1.7, whose numbers these are. Where they measure
distances of lesions, they take the spacing along (i, j, k) for that along (k, j, i), and whole regions
they measure in voxels: on voxels that are not 1 mm cubes neither is a distance in millimetres.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, nan

import numpy as np
import scipy

from gliobench.domain.geometry.parts import groups
from gliobench.domain.metrics.distances import percentile_mm
from gliobench.domain.metrics.mask_pair import MaskPair, shared_voxels

PENALTY = 373.0
"""HD95 of a missed lesion, and of masks that share no voxel."""
LARGE_MM3 = 20.0
"""Volume from which the challenge of metastases counts a lesion as large."""
HIT_DICE = 0.1
"""Dice from which that challenge counts a matched lesion as found, in either size."""
_LEAST_DICE = 1e-6


@dataclass(frozen=True, slots=True)
class Lesion2026:
    """One part of the reference.

    Args:
        volume_mm3: Its volume.
        dice: Of it and its matched part; 0 without one.
        nsd: Likewise, within the shortest edge of a voxel: the mean of both directions.
        hd95_mm: Likewise, of both directions pooled; `inf` without a matched part.
        matched: Whether there is one.
    """

    volume_mm3: float
    dice: float = 0.0
    nsd: float = 0.0
    hd95_mm: float = inf
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Hits2026:
    """How many lesions are found.

    Args:
        n_found: Lesions that are.
        n_false_alarms: Predicted parts that are matched to no lesion.
        n_missed: The other lesions.
        without_parts: The precision where no part counts.
    """

    n_found: int
    n_false_alarms: int
    n_missed: int
    without_parts: float = nan

    @property
    def precision(self) -> float:
        """Share of the predicted parts that are matched."""
        parts = self.n_found + self.n_false_alarms
        return self.n_found / parts if parts else self.without_parts

    @property
    def recall(self) -> float:
        """Share of the lesions that are matched; NaN without any."""
        return _ratio(self.n_found, self.n_found + self.n_missed)

    @property
    def f1(self) -> float:
        """Their harmonic mean; NaN where neither mask holds anything."""
        return _ratio(2 * self.n_found, 2 * self.n_found + self.n_false_alarms + self.n_missed)


@dataclass(frozen=True, slots=True)
class Means2026:
    """Means over lesions and their standard deviations, (mean, deviation)."""

    dice: tuple[float, float]
    nsd: tuple[float, float]
    hd95_mm: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Scores2026:
    """One region of one study.

    Args:
        lesions: All parts of the reference.
        n_predicted: Parts of the prediction.
        global_dice: Of the whole region; NaN where both masks are empty, as the next two.
        global_nsd: Within half a voxel; 0 where the masks share no voxel.
        global_hd95_vox: In voxels, both directions pooled; 373 where the masks share no voxel.
        counts_all: Whether misses and false alarms count in the means, as in metastases.
    """

    lesions: tuple[Lesion2026, ...]
    n_predicted: int
    global_dice: float
    global_nsd: float
    global_hd95_vox: float
    counts_all: bool = False

    @property
    def means(self) -> Means2026 | None:
        """The means that the task has: `large` or `matched`."""
        return self.large if self.counts_all else self.matched

    @property
    def hits(self) -> Hits2026:
        """Of all lesions."""
        n_found = len(self._matched)
        return Hits2026(n_found, self.n_predicted - n_found, len(self.lesions) - n_found)

    @property
    def matched(self) -> Means2026:
        """Means over the matched pairs: 0, 0 and `inf` without one, NaN where there is no part at all."""
        if found := self._matched:
            return _means(found)
        nothing = not self.lesions and not self.n_predicted
        return Means2026(*((nan if nothing else worst, nan) for worst in (0.0, 0.0, inf)))

    @property
    def large_hits(self) -> Hits2026 | None:
        """Of the lesions of at least 20 mm³, with all false alarms; None without such a lesion."""
        return self._hits(self._large)

    @property
    def small_hits(self) -> Hits2026 | None:
        """Of the smaller lesions, likewise."""
        return self._hits([lesion for lesion in self.lesions if lesion.volume_mm3 < LARGE_MM3])

    @property
    def large(self) -> Means2026 | None:
        """Means over the large lesions: misses and false alarms count as 0, 0 and 373."""
        if not self._large:
            return None
        return _means([*self._large, *[Lesion2026(0.0)] * self.hits.n_false_alarms])

    def _hits(self, lesions: Sequence[Lesion2026]) -> Hits2026 | None:
        if not lesions:
            return None
        n_found = sum(lesion.dice >= HIT_DICE for lesion in lesions)
        false_alarms = self.hits.n_false_alarms
        return Hits2026(n_found, false_alarms, len(lesions) - n_found, without_parts=0.0)

    @property
    def _matched(self) -> list[Lesion2026]:
        return [lesion for lesion in self.lesions if lesion.matched]

    @property
    def _large(self) -> list[Lesion2026]:
        return [lesion for lesion in self.lesions if lesion.volume_mm3 >= LARGE_MM3]


def scores_2026(pair: MaskPair, *, counts_all: bool = False) -> Scores2026:
    """Score one region of a study as the official program does.

    Args:
        pair: The region in both masks.
        counts_all: Whether misses and false alarms count in the means, as in metastases.
    """
    one = pair.cropped
    near, far_vox = _global_distances(one)
    both = one.n_reference + one.n_prediction
    return Scores2026(
        lesions=_lesions(one),
        n_predicted=one.predicted_parts.n,
        global_dice=2 * one.n_shared / both if both else nan,
        global_nsd=near,
        global_hd95_vox=far_vox,
        counts_all=counts_all,
    )


def _global_distances(pair: MaskPair) -> tuple[float, float]:
    if not pair.n_shared:
        empty = not pair.n_reference and not pair.n_prediction
        return (nan, nan) if empty else (0.0, PENALTY)
    return _distances(_with_spacing(pair, (1.0, 1.0, 1.0)), tolerance=0.5)


def _lesions(pair: MaskPair) -> tuple[Lesion2026, ...]:
    matches = _matches(pair)
    i, j, k = pair.spacing_mm
    volumes_mm3 = [n * i * j * k for n in pair.reference_parts.n_voxels[1:].tolist()]
    return tuple(
        _measured(pair, number, part, volume_mm3)
        if (part := matches.get(number))
        else Lesion2026(volume_mm3)
        for number, volume_mm3 in enumerate(volumes_mm3, start=1)
    )


def _matches(pair: MaskPair) -> dict[int, int]:
    """Match parts one to one so that the sum of their Dice is largest; by the reference's number.

    Of several matchings with that sum one is taken, not always the official program's.
    """
    n_lesion, n_part = pair.reference_parts.n_voxels, pair.predicted_parts.n_voxels
    shared = shared_voxels(pair.reference_parts.labels, pair.predicted_parts.labels)
    dices = {
        (lesion, part): 2 * n / (n_lesion[lesion] + n_part[part])
        for (lesion, part), n in shared.items()
    }
    matches: dict[int, int] = {}
    for group in _groups(list(dices), pair.reference_parts.n):
        matches |= _match_group({numbers: dices[numbers] for numbers in group})
    return matches


def _groups(edges: list[tuple[int, int]], n_lesions: int) -> Iterator[list[tuple[int, int]]]:
    """Split lesions and parts into those that overlap, directly or by others: each is small."""
    if not edges:
        return
    lesions, parts = np.array(edges).T
    parts += n_lesions
    which = groups(int(parts.max()) + 1, lesions, parts)
    found: dict[int, list[tuple[int, int]]] = {}
    for edge, group in zip(edges, which[lesions].tolist(), strict=True):
        found.setdefault(group, []).append(edge)
    yield from found.values()


def _match_group(dices: Mapping[tuple[int, int], float]) -> dict[int, int]:
    lesions, parts = (sorted({numbers[side] for numbers in dices}) for side in (0, 1))
    table = np.array([[dices.get((lesion, part), 0.0) for part in parts] for lesion in lesions])
    matched = zip(*scipy.optimize.linear_sum_assignment(table, maximize=True), strict=True)
    return {lesions[i]: parts[j] for i, j in matched if table[i, j] >= _LEAST_DICE}


def _measured(pair: MaskPair, number: int, part: int, volume_mm3: float) -> Lesion2026:
    one = _with_spacing(_beside(pair, number, part), pair.spacing_mm[::-1])
    nsd, hd95_mm = _distances(one, tolerance=min(pair.spacing_mm))
    dice = 2 * one.n_shared / (one.n_reference + one.n_prediction)
    return Lesion2026(volume_mm3, dice, nsd, hd95_mm, matched=True)


def _beside(pair: MaskPair, number: int, part: int) -> MaskPair:
    lesions, parts = pair.reference_parts, pair.predicted_parts
    if lesions.n == parts.n == 1:
        return pair
    box = tuple(
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(lesions.boxes[number - 1], parts.boxes[part - 1], strict=True)
    )
    return MaskPair(lesions.labels[box] == number, parts.labels[box] == part, pair.spacing_mm)


def _with_spacing(pair: MaskPair, spacing: tuple[float, float, float]) -> MaskPair:
    return (
        pair if pair.spacing_mm == spacing else MaskPair(pair.reference, pair.prediction, spacing)
    )


def _distances(pair: MaskPair, *, tolerance: float) -> tuple[float, float]:
    """Return the mean of both directions' shares within a tolerance, and HD95 of both pooled."""
    directed = pair.border_distances
    shares = [each.within(tolerance) / len(each.at_least) for each in directed]
    return sum(shares) / 2, percentile_mm(directed, 95)


def _means(lesions: Sequence[Lesion2026]) -> Means2026:
    return Means2026(
        _mean([lesion.dice for lesion in lesions]),
        _mean([lesion.nsd for lesion in lesions]),
        _mean([min(lesion.hd95_mm, PENALTY) for lesion in lesions]),
    )


def _mean(values: Sequence[float]) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else nan
