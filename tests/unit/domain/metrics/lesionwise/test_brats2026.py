"""Lesion-wise scores by the rule of BraTS 2026: by hand, and as a slow transcription of the rule has them."""

from __future__ import annotations

from functools import cache
from math import inf, isnan, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.metrics.lesionwise.brats2026 import Hits2026, Scores2026, scores_2026
from gliobench.domain.metrics.mask_pair import MaskPair

ONE_MM = (1.0, 1.0, 1.0)
NOTHING = np.zeros((40, 20, 20), dtype=bool)
SPACINGS = st.sampled_from([ONE_MM, (1.0, 1.0, 3.0), (2.0, 0.5, 1.0)])
MASKS = npst.arrays(bool, (7, 6, 5), elements=st.booleans(), fill=st.just(False))


def blocks(*spans: tuple[int, int], width: int = 8) -> BoolArray:
    """Paint blocks along i, `width` voxels wide and high."""
    mask = NOTHING.copy()
    for start, stop in spans:
        mask[start:stop, :width, :width] = True
    return mask


def score(reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing = ONE_MM) -> Scores2026:
    return scores_2026(MaskPair(reference, prediction, spacing_mm))


def test_misses_and_false_alarms_count_in_f1_and_not_in_the_means() -> None:
    found = score(blocks((0, 8), (16, 24)), blocks((0, 7), (32, 36)))

    assert found.hits == Hits2026(1, 1, 1)
    assert (found.hits.precision, found.hits.recall, found.hits.f1) == (0.5, 0.5, 0.5)
    assert found.matched.dice == (2 * 7 / (8 + 7), 0.0)
    assert found.matched.hd95_mm == (1.0, 0.0)


def test_of_metastases_they_count_in_the_means_too() -> None:
    found = score(blocks((0, 8), (16, 24)), blocks((0, 7), (32, 36)))

    assert found.large is not None
    assert found.large.dice[0] == pytest.approx(2 * 7 / (8 + 7) / 3)
    assert found.large.hd95_mm[0] == pytest.approx((1 + 373 + 373) / 3)
    assert found.large_hits == Hits2026(1, 1, 1, without_parts=0.0)
    assert found.small_hits is None


def test_lesions_are_small_under_twenty_mm3_and_found_from_a_dice_of_a_tenth() -> None:
    reference = blocks((0, 19), (25, 38), width=1)
    barely = blocks((0, 1), (25, 26), width=1)

    small = score(reference, barely).small_hits
    large = score(reference, barely, (2.0, 1.0, 1.0)).large_hits

    # Dice of one voxel in 19 is 0.1, in 13 it is 1/7
    assert small == Hits2026(2, 0, 0, without_parts=0.0)
    assert large == Hits2026(2, 0, 0, without_parts=0.0)
    longer = blocks((0, 20), width=1)
    assert score(longer, blocks((0, 1), width=1)).large_hits == Hits2026(0, 0, 1, 0.0)


def test_parts_are_matched_so_that_the_sum_of_dice_is_largest() -> None:
    # the first part lies in both lesions, the second in the first lesion alone
    reference, prediction = blocks((0, 10), (12, 20)), blocks((0, 3), (5, 20))

    found = score(reference, prediction)

    assert [lesion.dice for lesion in found.lesions] == [2 * 3 / (10 + 3), 2 * 8 / (8 + 15)]


def test_each_part_is_used_once() -> None:
    found = score(blocks((0, 8), (20, 28)), blocks((0, 28)))

    assert found.hits == Hits2026(1, 0, 1)


@pytest.mark.parametrize("missed", [True, False])
def test_without_a_pair_dice_is_zero_and_hd95_infinite(missed: bool) -> None:
    one, other = (blocks((0, 8)), NOTHING) if missed else (NOTHING, blocks((0, 8)))

    found = score(one, other)

    assert (found.matched.dice[0], found.matched.nsd[0], found.matched.hd95_mm[0]) == (0, 0, inf)
    assert (found.global_dice, found.global_nsd, found.global_hd95_vox) == (0, 0, 373)
    assert found.hits.f1 == 0.0
    assert isnan(found.hits.precision if missed else found.hits.recall)


def test_where_both_masks_are_empty_there_is_no_number() -> None:
    found = score(NOTHING, NOTHING)

    whole = found.global_dice, found.global_nsd, found.global_hd95_vox
    means = found.matched.dice + found.matched.nsd + found.matched.hd95_mm
    assert all(map(isnan, (found.hits.f1, *whole, *means)))
    assert found.large is None


def test_masks_side_by_side_share_no_voxel_and_get_the_penalty() -> None:
    found = score(blocks((0, 8)), blocks((8, 16)))

    assert found.global_hd95_vox == 373.0
    assert found.hits == Hits2026(0, 1, 1)


def test_distances_of_lesions_take_the_spacing_along_i_for_that_along_k() -> None:
    one, other = blocks((4, 5), width=1), blocks((4, 7), width=1)

    along_i = score(one, other, (5.0, 1.0, 1.0)).matched
    along_k = score(one, other, (1.0, 1.0, 5.0)).matched

    # the border voxels of both masks: 0, and back 0, 1, 2 voxels
    assert along_i.hd95_mm[0] == pytest.approx(np.percentile([0, 0, 1, 2], 95))
    assert along_k.hd95_mm[0] == pytest.approx(np.percentile([0, 0, 5, 10], 95))


def test_distances_of_the_whole_region_are_in_voxels() -> None:
    one, other = blocks((4, 5), width=1), blocks((4, 7), width=1)

    assert score(one, other, (5.0, 5.0, 5.0)).global_hd95_vox == pytest.approx(
        np.percentile([0, 0, 1, 2], 95)
    )
    assert score(one, other).global_nsd == (1 + 1 / 3) / 2


@given(MASKS, MASKS, SPACINGS)
def test_scores_are_those_of_the_rule_word_by_word(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing
) -> None:
    found = score(reference, prediction, spacing_mm)

    lesions, parts = pieces(reference), pieces(prediction)
    assert found.hits.n_found + found.hits.n_missed == len(lesions)
    assert found.hits.n_found + found.hits.n_false_alarms == len(parts)
    assert sum(one.dice for one in found.lesions) == pytest.approx(largest_sum(lesions, parts))
    for one in (one for one in found.lesions if one.matched):
        assert (one.dice, one.nsd, one.hd95_mm) in [
            pytest.approx(measured(lesion, part, spacing_mm[::-1]))
            for lesion in lesions
            for part in parts
            if (lesion & part).any()
        ]
    if (reference & prediction).any():
        dice, _, hd95_vox = measured(reference, prediction, ONE_MM)
        assert found.global_dice == pytest.approx(dice)
        assert found.global_hd95_vox == pytest.approx(hd95_vox)


def pieces(mask: BoolArray) -> list[BoolArray]:
    labels, n = ndimage.label(mask, np.ones((3, 3, 3)))
    return [labels == number for number in range(1, n + 1)]


def largest_sum(lesions: list[BoolArray], parts: list[BoolArray]) -> float:
    """Try every way to give each lesion a part that it overlaps, or none."""

    @cache
    def best(at: int, used: frozenset[int]) -> float:
        if at == len(lesions):
            return 0.0
        with_one = (
            overlap(lesions[at], other) + best(at + 1, used | {number})
            for number, other in enumerate(parts)
            if number not in used and (lesions[at] & other).any()
        )
        return max([best(at + 1, used), *with_one])

    return best(0, frozenset())


def overlap(one: BoolArray, other: BoolArray) -> float:
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def measured(one: BoolArray, other: BoolArray, spacing: Spacing) -> tuple[float, float, float]:
    borders = [mask & ~ndimage.binary_erosion(mask) for mask in (one, other)]
    there, back = (
        ndimage.distance_transform_edt(~end, sampling=spacing)[start]
        for start, end in (borders, borders[::-1])
    )
    within = min(spacing)
    nsd = ((there <= within).mean() + (back <= within).mean()) / 2
    return overlap(one, other), nsd, float(np.percentile(np.concatenate([there, back]), 95))


def test_the_square_root_of_two_is_the_distance_across_an_edge() -> None:
    one, other = NOTHING.copy(), NOTHING.copy()
    one[4, 4, 4] = True
    other[4, 4, 4] = other[5, 5, 4] = True

    assert score(one, other).matched.hd95_mm[0] == pytest.approx(np.percentile([0, 0, sqrt(2)], 95))
