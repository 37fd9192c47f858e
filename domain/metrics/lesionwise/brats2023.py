"""Lesion-wise scores by the rule of BraTS 2023 to 2025.

Reference lesions near one another are one, every predicted part within reach of a lesion counts as its
answer, and a false alarm weighs as much as a missed lesion.

Source: rachitsaluja/BraTS-2023-Metrics at 43c9052, whose numbers these are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.geometry.neighbours import spread
from gliobench.domain.geometry.parts import Parts
from gliobench.domain.metrics.distances import Distances, larger_percentile_by_area_mm
from gliobench.domain.metrics.mask_pair import MaskPair, shared_voxels
from gliobench.domain.metrics.surfaces import Surface

PENALTY_MM = 374.0
"""HD95 of a missed lesion, and of a false alarm."""


@dataclass(frozen=True, slots=True)
class Rule2023:
    """What differs between tasks.

    Args:
        dilation: How often lesions are grown by 18 neighbours; those that then touch are one.
        small_mm3: Lesions of at most this volume do not count.
    """

    dilation: int = 3
    small_mm3: float = 50.0


GLI_2023 = Rule2023()
"""Glioma, also in Sub-Saharan Africa and of children."""
MEN_2023 = Rule2023(dilation=1)
MET_2023 = Rule2023(dilation=1, small_mm3=2.0)


@dataclass(frozen=True, slots=True)
class Lesion2023:
    """One lesion of the reference.

    Args:
        volume_mm3: Before it is grown.
        n_matched: Predicted parts within its reach.
        dice: Of it and those parts together.
        hd95_mm: Likewise; `inf` without any part.
        counted: Whether it is large enough.
    """

    volume_mm3: float
    n_matched: int
    dice: float
    hd95_mm: float
    counted: bool


@dataclass(frozen=True, slots=True)
class Scores2023:
    """One region of one study.

    Args:
        lesions: All lesions of the reference, small ones included.
        n_false_alarms: Predicted parts within reach of no lesion, of any size.
        sensitivity: Share of the reference's voxels that are predicted.
        specificity: Share of the other voxels that are not.
        legacy_dice: Of the whole region.
        reference_mm3: Volume of the region in the reference.
        pair: The region in both masks.
    """

    lesions: tuple[Lesion2023, ...]
    n_false_alarms: int
    sensitivity: float
    specificity: float
    legacy_dice: float
    reference_mm3: float
    pair: MaskPair = field(repr=False)

    @property
    def legacy_hd95_mm(self) -> float:
        """HD95 of the whole region; 374 where exactly one mask is empty."""
        return min(_hd95_mm(self.pair), PENALTY_MM)

    @property
    def counted(self) -> list[Lesion2023]:
        """The lesions that are large enough."""
        return [lesion for lesion in self.lesions if lesion.counted]

    @property
    def n_found(self) -> int:
        """Lesions with a predicted part within reach."""
        return sum(lesion.n_matched > 0 for lesion in self.counted)

    @property
    def n_missed(self) -> int:
        """Lesions without one."""
        return len(self.counted) - self.n_found

    @property
    def dice(self) -> float:
        """Lesion-wise Dice: misses and false alarms count as 0; 1 where there is nothing to count."""
        total = sum(lesion.dice for lesion in self.counted)
        return total / self._n if self._n else 1.0

    @property
    def hd95_mm(self) -> float:
        """Lesion-wise HD95: misses and false alarms count as 374; 0 where there is nothing to count."""
        total = sum(min(lesion.hd95_mm, PENALTY_MM) for lesion in self.counted)
        return (total + PENALTY_MM * self.n_false_alarms) / self._n if self._n else 0.0

    @property
    def _n(self) -> int:
        return len(self.counted) + self.n_false_alarms


def scores_2023(pair: MaskPair, rule: Rule2023 = GLI_2023) -> Scores2023:
    """Score one region of a study as the official program does.

    Args:
        pair: The region in both masks.
        rule: Of the task.
    """
    one = pair.cropped
    lesions, matched = _lesions(one, rule)
    n_neither = one.reference.size + one.n_cut_off - _n_either(one)
    n_without = n_neither + one.n_prediction - one.n_shared
    return Scores2023(
        lesions=lesions,
        n_false_alarms=one.predicted_parts.n - len(matched),
        sensitivity=one.n_shared / one.n_reference
        if one.n_reference
        else float(not one.n_prediction),
        specificity=n_neither / n_without if n_without else 0.0,
        legacy_dice=_dice(one.n_reference, one.n_prediction, one.n_shared),
        reference_mm3=_mm3(one.n_reference, one),
        pair=one,
    )


def _lesions(pair: MaskPair, rule: Rule2023) -> tuple[tuple[Lesion2023, ...], set[int]]:
    """Score each lesion of the reference; also name the predicted parts that lie within reach."""
    if not pair.n_reference:
        return (), set()
    d, lesions = rule.dilation, pair.reference_parts
    grown = _grown(np.pad(pair.reference, d), d)
    reach: NDArray[np.unsignedinteger[Any]] = grown.view(np.uint8)
    if lesions.n > 1:  # parts only come together by growing
        apart = Parts.of(grown)
        lesions, reach = lesions.joined(apart, offset=d), apart.labels
    labels = reach[(slice(d, -d),) * 3]
    within_reach: dict[int, list[int]] = {number: [] for number in range(1, lesions.n + 1)}
    for number, part in shared_voxels(labels, pair.predicted_parts.labels):
        within_reach[number].append(part)
    found = tuple(
        _lesion(pair, lesions, number, parts, rule) for number, parts in within_reach.items()
    )
    return found, set(chain.from_iterable(within_reach.values()))


def _lesion(
    pair: MaskPair, lesions: Parts, number: int, matched: list[int], rule: Rule2023
) -> Lesion2023:
    predicted = pair.predicted_parts
    n_lesion, box = int(lesions.n_voxels[number]), lesions.boxes[number - 1]
    within = lesions.labels[box] == number
    volume_mm3 = _mm3(n_lesion, pair)
    if not matched:
        return Lesion2023(volume_mm3, 0, 0.0, inf, volume_mm3 > rule.small_mm3)
    n_matched = int(predicted.n_voxels[matched].sum())
    # a voxel of the lesion that is predicted at all is of a part within reach
    n_shared = int(np.count_nonzero(within & pair.prediction[box]))
    hd95_mm = _hd95_mm(_beside(pair, lesions, number, matched))
    dice = _dice(n_lesion, n_matched, n_shared)
    return Lesion2023(volume_mm3, len(matched), dice, hd95_mm, volume_mm3 > rule.small_mm3)


def _beside(pair: MaskPair, lesions: Parts, number: int, matched: list[int]) -> MaskPair:
    """Pick one lesion and its parts, within their box."""
    predicted = pair.predicted_parts
    if lesions.n == 1 and len(matched) == predicted.n:
        return pair
    boxes = [lesions.boxes[number - 1], *(predicted.boxes[part - 1] for part in matched)]
    box = tuple(
        slice(min(span.start for span in spans), max(span.stop for span in spans))
        for spans in zip(*boxes, strict=True)
    )
    wanted = np.zeros(predicted.n + 1, dtype=np.bool_)
    wanted[matched] = True
    return MaskPair(lesions.labels[box] == number, wanted[predicted.labels[box]], pair.spacing_mm)


def _hd95_mm(pair: MaskPair) -> float:
    """Measure HD95 by area between voxels: 0 where both masks are empty, `inf` where one is."""
    if not pair.n_reference or not pair.n_prediction:
        return 0.0 if pair.n_reference == pair.n_prediction else inf
    surfaces = [
        Surface.elements(mask, pair.spacing_mm) for mask in (pair.reference, pair.prediction)
    ]
    directed = Distances(*surfaces), Distances(*reversed(surfaces))
    return larger_percentile_by_area_mm(directed, 95)


def _grown(mask: BoolArray, times: int) -> BoolArray:
    """Dilate a mask by 18 neighbours: by a square of 3×3 in each of the three planes."""
    for _ in range(times):
        along_i, along_j = spread(mask, 0), spread(mask, 1)
        mask = spread(along_i, 1) | spread(along_i | along_j, 2)
    return mask


def _n_either(pair: MaskPair) -> int:
    return pair.n_reference + pair.n_prediction - pair.n_shared


def _dice(n_one: int, n_other: int, n_shared: int) -> float:
    return 2 * n_shared / (n_one + n_other) if n_one + n_other else 1.0


def _mm3(n_voxels: int, pair: MaskPair) -> float:
    i, j, k = pair.spacing_mm
    return n_voxels * i * j * k
