from collections.abc import Callable
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.metrics.segmentation import dice, hd95_mm, iou, nsd, volume_error_mm3

SHAPE = (8, 9, 10)
NOTHING = np.zeros(SHAPE, dtype=bool)
ONE_MM = (1.0, 1.0, 1.0)
MASKS = npst.arrays(bool, (4, 5, 6)).filter(np.any)
SPACINGS = st.tuples(*[st.floats(0.3, 7.0)] * 3)


def voxels(*at: tuple[int, int, int]) -> BoolArray:
    mask = NOTHING.copy()
    for voxel in at:
        mask[voxel] = True
    return mask


def cube(start: int, stop: int, *, shift: int = 0) -> BoolArray:
    mask = NOTHING.copy()
    mask[start + shift : stop + shift, start:stop, start:stop] = True
    return mask


def directed_by_transform(source: BoolArray, target: BoolArray, spacing: object) -> np.ndarray:
    """The same distances the slow way: erosion and a Euclidean distance transform."""
    surface = [mask & ~ndimage.binary_erosion(mask) for mask in (source, target)]
    return ndimage.distance_transform_edt(~surface[1], sampling=spacing)[surface[0]]


def test_overlap_of_two_masks_worked_out_by_hand() -> None:
    reference, prediction = voxels((0, 0, 0), (0, 0, 1), (0, 0, 2)), voxels((0, 0, 2), (0, 0, 3))

    assert dice(reference=reference, prediction=prediction) == 2 / 5
    assert iou(reference=reference, prediction=prediction) == 1 / 4


@given(MASKS, MASKS)
def test_dice_and_iou_are_two_views_of_one_overlap(one: BoolArray, other: BoolArray) -> None:
    overlap = iou(reference=one, prediction=other)

    assert dice(reference=one, prediction=other) == pytest.approx(2 * overlap / (1 + overlap))


def test_two_empty_masks_agree() -> None:
    assert dice(reference=NOTHING, prediction=NOTHING) == 1.0
    assert iou(reference=NOTHING, prediction=NOTHING) == 1.0
    assert hd95_mm(reference=NOTHING, prediction=NOTHING, spacing_mm=ONE_MM) == 0.0
    assert nsd(reference=NOTHING, prediction=NOTHING, spacing_mm=ONE_MM, tolerance_mm=1.0) == 1.0
    assert volume_error_mm3(reference=NOTHING, prediction=NOTHING, spacing_mm=ONE_MM) == 0.0


@pytest.mark.parametrize("missed", [True, False])
def test_one_empty_mask_scores_worst(missed: bool) -> None:
    one, other = (cube(2, 4), NOTHING) if missed else (NOTHING, cube(2, 4))

    assert dice(reference=one, prediction=other) == 0.0
    assert iou(reference=one, prediction=other) == 0.0
    assert hd95_mm(reference=one, prediction=other, spacing_mm=ONE_MM) == inf
    assert nsd(reference=one, prediction=other, spacing_mm=ONE_MM, tolerance_mm=99.0) == 0.0


def test_single_voxels_are_as_far_apart_as_their_centres() -> None:
    one, other = voxels((1, 1, 1)), voxels((2, 3, 1))

    distance = hd95_mm(reference=one, prediction=other, spacing_mm=(1.0, 2.0, 5.0))

    assert distance == pytest.approx(sqrt(1 + 16))


def test_hd95_is_the_larger_of_the_two_directed_percentiles() -> None:
    near, near_and_far = voxels((0, 0, 0)), voxels((0, 0, 0), (0, 0, 4))
    expected = np.percentile([0.0, 4.0], 95)

    assert expected == pytest.approx(3.8)
    assert hd95_mm(reference=near, prediction=near_and_far, spacing_mm=ONE_MM) == expected
    assert hd95_mm(reference=near_and_far, prediction=near, spacing_mm=ONE_MM) == expected


def test_a_voxel_within_a_mask_is_of_no_surface() -> None:
    hollow = cube(2, 5)
    hollow[3, 3, 3] = False

    distance = hd95_mm(reference=cube(2, 5), prediction=hollow, spacing_mm=ONE_MM)

    assert distance == 0.0


def test_the_edge_of_the_grid_is_a_surface() -> None:
    everything = np.ones((5, 5, 5), dtype=bool)
    shell = everything.copy()
    shell[1:4, 1:4, 1:4] = False

    assert hd95_mm(reference=everything, prediction=shell, spacing_mm=ONE_MM) == 0.0


def test_nsd_counts_surface_voxels_of_both_masks_within_the_tolerance() -> None:
    one, other = voxels((0, 0, 0)), voxels((0, 0, 0), (0, 0, 1), (0, 0, 3))

    shares = [
        nsd(reference=one, prediction=other, spacing_mm=ONE_MM, tolerance_mm=tolerance)
        for tolerance in (0.0, 0.9, 1.0, 3.0)
    ]

    assert shares == [2 / 4, 2 / 4, 3 / 4, 4 / 4]


def test_nsd_measures_in_millimetres() -> None:
    one, other = cube(2, 5), cube(2, 5, shift=1)

    assert nsd(reference=one, prediction=other, spacing_mm=ONE_MM, tolerance_mm=1.0) == 1.0
    assert nsd(reference=one, prediction=other, spacing_mm=(1.5, 1.0, 1.0), tolerance_mm=1.0) < 1.0


@given(MASKS, MASKS, SPACINGS)
def test_surface_distances_are_those_of_a_distance_transform(
    one: BoolArray, other: BoolArray, spacing: tuple[float, float, float]
) -> None:
    there = directed_by_transform(one, other, spacing)
    back = directed_by_transform(other, one, spacing)
    expected = max(np.percentile(there, 95), np.percentile(back, 95))

    assert hd95_mm(reference=one, prediction=other, spacing_mm=spacing) == pytest.approx(expected)
    # between voxels' distances, where rounding decides nothing
    tolerance = float(np.median([*there, *back])) + 1e-6
    share = np.mean(np.concatenate([there, back]) <= tolerance)
    assert nsd(
        reference=one, prediction=other, spacing_mm=spacing, tolerance_mm=tolerance
    ) == pytest.approx(share)


def test_volume_error_is_positive_where_too_much_is_predicted() -> None:
    small, large = cube(2, 4), cube(2, 5)
    spacing = (1.0, 2.0, 3.0)

    assert volume_error_mm3(reference=small, prediction=large, spacing_mm=spacing) == (27 - 8) * 6
    assert volume_error_mm3(reference=large, prediction=small, spacing_mm=spacing) == (8 - 27) * 6


@pytest.mark.parametrize("metric", [dice, iou])
def test_masks_of_other_shape_or_type_are_refused(metric: Callable[..., object]) -> None:
    with pytest.raises(InvalidInputError, match="wanted the same"):
        metric(reference=NOTHING, prediction=NOTHING[1:])
    with pytest.raises(InvalidInputError, match="wanted bool"):
        metric(reference=NOTHING, prediction=NOTHING.astype(np.uint8))


@pytest.mark.parametrize("metric", [hd95_mm, volume_error_mm3])
@pytest.mark.parametrize("spacing", [(1.0, 0.0, 1.0), (1.0, -1.0, 1.0), (1.0, 1.0, float("nan"))])
def test_a_spacing_that_is_no_length_is_refused(
    metric: Callable[..., object], spacing: tuple[float, float, float]
) -> None:
    with pytest.raises(InvalidInputError, match="three positive lengths"):
        metric(reference=NOTHING, prediction=NOTHING, spacing_mm=spacing)


@pytest.mark.parametrize("tolerance_mm", [-1.0, float("nan")])
def test_a_tolerance_below_zero_is_refused(tolerance_mm: float) -> None:
    with pytest.raises(InvalidInputError, match="wanted 0 or more"):
        nsd(reference=NOTHING, prediction=NOTHING, spacing_mm=ONE_MM, tolerance_mm=tolerance_mm)
