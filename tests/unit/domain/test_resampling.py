from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import (
    area_weights,
    linear_weights,
    nearest,
    resample,
    resample_to_spacing,
)

lengths = st.integers(1, 30)
SLOPE = np.array([0.7, -1.3, 2.1])

LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "flipped": lambda a: np.ascontiguousarray(a[::-1, :, ::-1])[::-1, :, ::-1],
    "transposed": lambda a: np.ascontiguousarray(a.transpose(2, 0, 1)).transpose(1, 2, 0),
    "Fortran, flipped": lambda a: np.asfortranarray(a[:, ::-1, ::-1])[:, ::-1, ::-1],
    "every other": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "integers": lambda a: np.asfortranarray(a.astype(np.int16)),
}


def ramp(shape: tuple[int, ...], spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Give an affine function of the millimetres of each voxel's centre from the first corner."""
    axes = [(np.arange(n) + 0.5) * s for n, s in zip(shape, spacing_mm, strict=True)]
    mm = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    return mm @ SLOPE + 5.0


def inner(shape: tuple[int, ...], edge_mm: float, old_mm: tuple[float, ...]) -> tuple[slice, ...]:
    """Name the new voxels whose centres lie between the old outermost centres, none cut off."""
    old_shape = [shape[axis] for axis in range(3)]
    cuts = []
    for n, old in zip(old_shape, old_mm, strict=True):
        first = int(np.ceil(0.5 * old / edge_mm - 0.5 - 1e-9))
        last = int(np.floor(min((n - 0.5) * old / edge_mm - 0.5, n * old / edge_mm - 1) + 1e-9))
        cuts.append(slice(max(first, 0), max(last + 1, 0)))
    return tuple(cuts)


def test_at_twice_the_edge_a_new_sample_is_the_mean_of_two() -> None:
    np.testing.assert_allclose(area_weights(4, 2.0), [[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]])


def test_a_sample_in_part_covered_weighs_by_its_part() -> None:
    np.testing.assert_allclose(
        area_weights(3, 1.5), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]], atol=1e-7
    )


def test_the_last_new_sample_is_the_mean_of_what_there_is() -> None:
    np.testing.assert_allclose(area_weights(5, 2.0)[-1], [0, 0, 0, 0, 1])


def test_the_same_edge_changes_nothing() -> None:
    np.testing.assert_allclose(area_weights(5, 1.0), np.eye(5))


@given(length=lengths, step=st.floats(0.2, 6))
def test_weights_of_a_new_sample_sum_to_one_and_none_is_negative(length: int, step: float) -> None:
    weights = area_weights(length, step)

    assert weights.shape == (int(np.ceil(length / step - 1e-6)) or 1, length)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    assert (weights >= 0).all()


def test_a_value_between_two_samples_weighs_them_by_nearness() -> None:
    np.testing.assert_allclose(linear_weights(3, np.array([0.25])), [[0.75, 0.25, 0]])


def test_an_outermost_sample_holds_for_half_an_edge_and_no_further() -> None:
    weights = linear_weights(3, np.array([-0.6, -0.5, 2.5, 2.6]))

    np.testing.assert_allclose(weights, [[0, 0, 0], [1, 0, 0], [0, 0, 1], [0, 0, 0]])


def test_a_single_sample_can_be_interpolated() -> None:
    np.testing.assert_allclose(linear_weights(1, np.array([0.0, 0.4, 0.9])), [[1], [1], [0]])


@given(
    shape=st.tuples(*[st.integers(2, 8)] * 3),
    factors=st.tuples(*[st.integers(1, 3)] * 3),
)
def test_a_ramp_brought_to_larger_voxels_is_the_ramp(
    shape: tuple[int, int, int], factors: tuple[int, int, int]
) -> None:
    spacing_mm = (6 / factors[0], 6 / factors[1], 6 / factors[2])

    coarse = resample_to_spacing(ramp(shape, spacing_mm), spacing_mm=spacing_mm, target_mm=6.0)

    whole = tuple(slice(n // f) for n, f in zip(shape, factors, strict=True))
    expected = ramp(coarse.shape, (6.0,) * 3)
    np.testing.assert_allclose(coarse[whole], expected[whole], rtol=1e-5)


@given(
    shape=st.tuples(*[st.integers(2, 7)] * 3),
    spacing_mm=st.tuples(*[st.floats(2.0, 5.0)] * 3),
)
def test_a_ramp_brought_to_smaller_voxels_is_the_ramp(
    shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]
) -> None:
    fine = resample_to_spacing(ramp(shape, spacing_mm), spacing_mm=spacing_mm, target_mm=1.7)

    within = inner(shape, 1.7, spacing_mm)
    expected = ramp(fine.shape, (1.7,) * 3)
    np.testing.assert_allclose(fine[within], expected[within], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_area_means_are_block_means_whatever_the_memory_order(layout: str) -> None:
    volume = np.random.default_rng(0).integers(0, 1000, (8, 6, 10)).astype(np.float32)
    blocks = volume.reshape(4, 2, 3, 2, 5, 2).mean(axis=(1, 3, 5))

    coarse = resample_to_spacing(LAYOUTS[layout](volume), spacing_mm=(1, 1, 1), target_mm=2.0)

    np.testing.assert_allclose(coarse, blocks, rtol=1e-5)
    assert coarse.dtype == np.float32


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_volume_is_resampled_by_the_block_that_holds_all_but_zeros(layout: str) -> None:
    volume = np.zeros((9, 6, 10), dtype=np.float32)
    volume[2:7, 1:4, 5:] = np.random.default_rng(0).integers(1, 1000, (5, 3, 5))
    block = (slice(2, 7), slice(1, 4), slice(5, 10))

    coarse = resample_to_spacing(
        LAYOUTS[layout](volume), spacing_mm=(1, 1, 1), target_mm=1.9, block=block
    )

    whole = resample_to_spacing(volume, spacing_mm=(1, 1, 1), target_mm=1.9)
    np.testing.assert_allclose(coarse, whole, rtol=1e-6)


@given(
    axes=st.permutations(range(3)),
    flips=st.tuples(*[st.booleans()] * 3),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    seed=st.integers(0, 99),
)
def test_any_view_of_memory_is_resampled_as_its_copy(
    axes: list[int], flips: tuple[bool, bool, bool], shape: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    turned = rng.normal(size=shape).astype(np.float32).transpose(axes)
    view = turned[tuple(slice(None, None, -1 if flip else 1) for flip in flips)]
    weights = [rng.normal(size=(3, n)).astype(np.float32) for n in view.shape]

    resampled = resample(view, weights)

    expected = np.einsum("ai,bj,ck,ijk->abc", *weights, view.copy())
    np.testing.assert_allclose(resampled, expected, rtol=1e-3, atol=1e-4)


def test_each_axis_takes_its_own_weights() -> None:
    volume = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    pick = [np.eye(2)[[1]], np.eye(3)[[2, 0]], np.eye(4)[[3, 1, 0]]]

    picked = resample(volume, [one.astype(np.float32) for one in pick])

    np.testing.assert_array_equal(picked, volume[np.ix_([1], [2, 0], [3, 1, 0])])


def test_a_volume_that_has_the_edge_already_is_left_as_it_is() -> None:
    volume = np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32)

    same = resample_to_spacing(volume, spacing_mm=(2.0, 2.0005, 2.0), target_mm=2.0)

    np.testing.assert_array_equal(same, volume)


def test_the_edge_of_a_thick_slice_is_not_lost_where_voxels_shrink() -> None:
    volume = np.ones((1, 1, 10), dtype=np.float32)

    fine = resample_to_spacing(volume, spacing_mm=(2.0, 2.0, 2.05), target_mm=2.0)

    np.testing.assert_allclose(fine, np.ones((1, 1, 11)), rtol=1e-6)


def test_the_nearest_voxel_of_a_coarse_grid_is_taken_and_zero_outside_of_it() -> None:
    coarse = Grid((2, 1, 1), np.diag([2.0, 2.0, 2.0, 1.0]))  # centres at 0 and 2 mm: -1 to 3 mm
    fine = Grid((6, 1, 1), np.array([[1, 0, 0, -1.5], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))
    labels = np.array([1, 4], dtype=np.uint8).reshape(2, 1, 1)

    found = nearest(labels, source=coarse, target=fine)  # at -1.5, -0.5, 0.5, 1.5, 2.5 and 3.5 mm

    assert found.ravel().tolist() == [0, 1, 1, 4, 4, 0]
    assert found.dtype == np.uint8


def test_the_nearest_voxels_of_a_turned_grid_are_the_turned_labels() -> None:
    labels = np.random.default_rng(0).integers(0, 5, (3, 4, 5)).astype(np.uint8)
    grid = Grid(labels.shape, np.eye(4))
    turned = Grid((4, 3, 5), np.array([[0, -1, 0, 2], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]))

    found = nearest(labels, source=grid, target=turned)

    np.testing.assert_array_equal(found, labels.transpose(1, 0, 2)[:, ::-1])
