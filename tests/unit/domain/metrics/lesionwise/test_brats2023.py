"""Lesion-wise scores by the rule of BraTS 2023: by hand, and as a slow transcription of the rule has them."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from gliobench.domain.geometry.grids import BoolArray, Spacing
from gliobench.domain.metrics.lesionwise.brats2023 import (
    GLI_2023,
    MEN_2023,
    MET_2023,
    Rule2023,
    Scores2023,
    scores_2023,
)
from gliobench.domain.metrics.mask_pair import MaskPair

ONE_MM = (1.0, 1.0, 1.0)
NOTHING = np.zeros((40, 20, 20), dtype=bool)
SPACINGS = st.sampled_from([ONE_MM, (1.0, 1.0, 3.0), (2.0, 0.5, 1.0)])


def blocks(*spans: tuple[int, int], width: int = 8) -> BoolArray:
    """Paint blocks along i, `width` voxels wide and high."""
    mask = NOTHING.copy()
    for start, stop in spans:
        mask[start:stop, :width, :width] = True
    return mask


def score(
    reference: BoolArray,
    prediction: BoolArray,
    rule: Rule2023 = GLI_2023,
    spacing_mm: Spacing = ONE_MM,
) -> Scores2023:
    return scores_2023(MaskPair(reference, prediction, spacing_mm), rule)


def test_one_lesion_hit_one_missed_and_one_invented_share_the_score() -> None:
    found = score(blocks((0, 8), (16, 24)), blocks((0, 7), (32, 36)))

    hit = 2 * 7 / (8 + 7)
    assert [lesion.dice for lesion in found.lesions] == [hit, 0.0]
    assert (found.n_found, found.n_missed, found.n_false_alarms) == (1, 1, 1)
    assert found.dice == hit / 3
    assert found.hd95_mm == pytest.approx((1.0 + 374 + 374) / 3)


def test_lesions_whose_grown_halves_touch_are_one() -> None:
    reference, prediction = blocks((0, 8), (14, 22)), blocks((0, 8))

    together, apart = (score(reference, prediction, rule) for rule in (GLI_2023, MEN_2023))

    assert [lesion.dice for lesion in together.lesions] == [2 * 8 / (16 + 8)]
    assert [lesion.dice for lesion in apart.lesions] == [1.0, 0.0]


@pytest.mark.parametrize(("gap", "found"), [(0, 1), (2, 1), (3, 0)])
def test_a_part_beside_a_lesion_is_found_within_three_voxels(gap: int, found: int) -> None:
    scores = score(blocks((0, 8)), blocks((8 + gap, 16 + gap)))

    assert scores.n_found == found
    assert scores.n_false_alarms == 1 - found
    assert scores.dice == 0.0
    assert (scores.hd95_mm < 374) == bool(found)


def test_lesions_of_fifty_mm3_do_not_count_and_their_parts_are_no_false_alarms() -> None:
    reference = NOTHING.copy()
    reference[0:5, 0:5, 0:2] = True  # 50 voxels
    reference[20:25, 0:5, 0:2] = True
    reference[20, 0, 2] = True  # 51

    found = score(reference, reference)

    assert [lesion.counted for lesion in found.lesions] == [False, True]
    assert (found.n_found, found.n_false_alarms, found.dice) == (1, 0, 1.0)
    assert score(reference, NOTHING).n_missed == 1


def test_the_threshold_is_in_mm3_and_smaller_for_metastases() -> None:
    reference = blocks((0, 3), width=1)

    assert [lesion.volume_mm3 for lesion in score(reference, reference).lesions] == [3.0]
    assert not score(reference, reference, MEN_2023).counted
    assert len(score(reference, reference, MET_2023).counted) == 1
    assert not score(reference, reference, MET_2023, (0.5, 1.0, 1.0)).counted


def test_one_part_that_bridges_two_lesions_is_matched_to_both() -> None:
    found = score(blocks((0, 8), (20, 28)), blocks((0, 28)))

    assert [lesion.n_matched for lesion in found.lesions] == [1, 1]
    assert [lesion.dice for lesion in found.lesions] == [2 * 8 / (8 + 28)] * 2
    assert found.n_false_alarms == 0


def test_where_there_is_nothing_to_count_the_score_is_full() -> None:
    both = score(NOTHING, NOTHING)

    assert (both.dice, both.hd95_mm, both.legacy_dice, both.legacy_hd95_mm) == (1.0, 0.0, 1.0, 0.0)
    assert (both.sensitivity, both.specificity) == (1.0, 1.0)


@pytest.mark.parametrize("missed", [True, False])
def test_one_empty_mask_costs_the_penalty(missed: bool) -> None:
    one, other = (blocks((0, 8)), NOTHING) if missed else (NOTHING, blocks((0, 8)))

    found = score(one, other)

    assert (found.dice, found.hd95_mm, found.legacy_hd95_mm) == (0.0, 374.0, 374.0)
    assert found.sensitivity == 0.0
    assert found.specificity == (1.0 if missed else (16000 - 512) / 16000)


# surface-distance 0.1 calls scipy.ndimage.filters
@pytest.mark.filterwarnings(
    "ignore:Please import .* from the `scipy.ndimage` namespace:DeprecationWarning"
)
@given(
    npst.arrays(bool, (9, 8, 7), elements=st.booleans(), fill=st.just(False)),
    npst.arrays(bool, (9, 8, 7), elements=st.booleans(), fill=st.just(False)),
    SPACINGS,
    st.sampled_from([MET_2023, Rule2023(2, 5.0), Rule2023(3, 0.0)]),
)
def test_scores_are_those_of_the_rule_word_by_word(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing, rule: Rule2023
) -> None:
    found = score(reference, prediction, rule, spacing_mm)

    rows, n_false_alarms = word_by_word(reference, prediction, spacing_mm, rule)
    assert n_false_alarms == found.n_false_alarms
    lesions = sorted(
        (one.volume_mm3, one.n_matched, one.dice, one.hd95_mm) for one in found.lesions
    )
    assert np.array(lesions).ravel() == pytest.approx(np.array(sorted(rows)).ravel())


def word_by_word(
    reference: BoolArray, prediction: BoolArray, spacing_mm: Spacing, rule: Rule2023
) -> tuple[list[tuple[float, int, float, float]], int]:
    metrics = pytest.importorskip("surface_distance")
    by_26, by_18 = np.ones((3, 3, 3)), ndimage.generate_binary_structure(3, 2)

    def grown(mask: BoolArray) -> BoolArray:
        return ndimage.binary_dilation(mask, by_18, iterations=rule.dilation)

    together, n_lesions = ndimage.label(grown(reference), by_26)
    parts, n_parts = ndimage.label(prediction, by_26)
    rows, matched = [], set()
    for number in range(1, n_lesions + 1):
        lesion = reference & (together == number)
        near = set(parts[grown(lesion)].tolist()) - {0}
        matched |= near
        answer = np.isin(parts, list(near))
        dice = 2 * (lesion & answer).sum() / (lesion.sum() + answer.sum())
        hd95 = inf
        if near:
            apart = metrics.compute_surface_distances(lesion, answer, spacing_mm)
            hd95 = metrics.compute_robust_hausdorff(apart, 95)
        rows.append((float(lesion.sum() * np.prod(spacing_mm)), len(near), float(dice), hd95))
    return rows, n_parts - len(matched)
