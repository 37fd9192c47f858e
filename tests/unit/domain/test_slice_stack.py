"""Volumes from slices that are placed one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.placed_slices import PlacedSlices
from gliobench.domain.geometry.slice_stack import MissingSliceError, stack_slices

FLAT = np.array([[1.0, 0, 0], [0, 1, 0]])


def _heights(*heights: float) -> np.ndarray:
    return np.array([[10.0, 20, height] for height in heights])


def _stack(positions: np.ndarray, directions: np.ndarray = FLAT):
    return stack_slices(PlacedSlices(positions, directions, (2.0, 0.5), (7, 9)))


def test_an_axial_stack_has_the_affine_that_is_worked_out_by_hand() -> None:
    stack = _stack(_heights(6, 3, 0))

    assert stack.grid.shape == (9, 7, 3)
    assert stack.order == (2, 1, 0)
    np.testing.assert_allclose(
        stack.grid.affine, [[-0.5, 0, 0, -10], [0, -2, 0, -20], [0, 0, 3, 0], [0, 0, 0, 1]]
    )


@given(
    st.tuples(*[st.floats(-180, 180)] * 3),
    st.tuples(*[st.floats(-200, 200)] * 3),
    st.permutations(range(6)),
)
def test_every_oblique_stack_places_each_slice_where_it_was(angles, first, order) -> None:
    axes = Rotation.from_euler("xyz", angles, degrees=True).as_matrix()
    positions = np.array([np.array(first) + 2.5 * k * axes[:, 2] for k in order])

    stack = _stack(positions, axes[:, :2].T)

    for k, index in enumerate(stack.order):
        ras = positions[index] * [-1, -1, 1]
        np.testing.assert_allclose(stack.grid.to_mm((0, 0, k)), ras, atol=1e-6)


@pytest.mark.parametrize(
    "heights", [(0, 1, 2, 4, 5), (0, 1, 2, 3, 5), (0, 2, 3, 4, 5), (0, 1, 2, 2.6)]
)
def test_uneven_stacks_are_refused(heights: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError, match="apart"):
        _stack(_heights(*heights))


def test_a_gap_says_where_it_is_and_how_many_slices_are_missing() -> None:
    with pytest.raises(MissingSliceError, match="3 mm between slices 2 and 3 of 5.*2 missing"):
        _stack(_heights(0, 1, 4, 5, 6))


def test_images_at_one_place_are_repeats_of_the_first() -> None:
    assert _stack(_heights(0, 1, 1.001, 2)).repeats == ((1, 2),)


def test_positions_that_were_rounded_are_no_gap() -> None:
    assert len(_stack(_heights(0, 1.07, 2.13, 3.2, 4.27)).order) == 5


def test_slices_that_lie_beside_each_other_are_refused() -> None:
    positions = _heights(0, 1, 2, 3)
    positions[2, 0] += 0.4

    with pytest.raises(InvalidInputError, match="beside each other"):
        _stack(positions)


@pytest.mark.parametrize(
    "directions",
    [
        [[1, 0, 0], [1, 0, 0]],
        [[0, 0, 0], [0, 0, 0]],
        [[2, 0, 0], [0, 1, 0]],
        [[np.nan, 0, 0], [0, 1, 0]],
        [[1, 0, 0], [0.2, 0.98, 0]],
    ],
)
def test_directions_that_span_no_plane_are_refused(directions: list) -> None:
    with pytest.raises(InvalidInputError, match="perpendicular"):
        _stack(_heights(0, 1, 2), np.array(directions, dtype=float))


@pytest.mark.parametrize("heights", [(0,), (0, 0), (np.inf, 1), (0, np.nan), (0, 1e9)])
def test_places_that_are_no_volume_are_refused(heights: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError):
        _stack(_heights(*heights))
