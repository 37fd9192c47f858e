from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.controls.motion import SHIFT_MM, Motion, roomiest_shift
from gliobench.domain.geometry.grids import Grid

SHAPE = (5, 4, 2)


def grid(shape: tuple[int, int, int], spacing_mm: float = 1.0) -> Grid:
    return Grid(shape=shape, affine=np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]))


def block(shape: tuple[int, int, int], start: tuple[int, int], stop: tuple[int, int]) -> np.ndarray:
    voxels = np.zeros(shape, dtype=bool)
    voxels[start[0] : stop[0], start[1] : stop[1]] = True
    return voxels


def test_mirroring_makes_left_right_and_leaves_the_other_axes() -> None:
    array = np.arange(40).reshape(SHAPE)

    moved = Motion(mirrored=True).of_array(array)

    np.testing.assert_array_equal(moved[0], array[4])
    np.testing.assert_array_equal(moved[:, 3, 1], array[::-1, 3, 1])
    assert moved.flags.c_contiguous


def test_a_shift_moves_whole_voxels_and_lets_zeros_in() -> None:
    array = np.arange(1, 41).reshape(SHAPE)

    moved = Motion(steps=(2, -1)).of_array(array)

    np.testing.assert_array_equal(moved[2:, :3], array[:3, 1:])
    assert not moved[:2].any()
    assert not moved[:, 3].any()


def test_a_shift_out_of_the_field_leaves_nothing() -> None:
    assert not Motion(steps=(9, 0)).of_array(np.ones(SHAPE)).any()


@given(
    mirrored=st.booleans(),
    steps=st.tuples(st.integers(-6, 6), st.integers(-6, 6)),
    voxel=st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 1)),
)
def test_a_place_goes_where_its_voxel_goes_and_the_inverse_brings_it_back(
    mirrored: bool, steps: tuple[int, int], voxel: tuple[int, int, int]
) -> None:
    motion = Motion(mirrored, steps)
    array = np.zeros(SHAPE)
    array[voxel] = 1.0

    place = motion.of_places(np.array([voxel]), grid(SHAPE))

    moved = np.argwhere(motion.of_array(array))
    assert len(moved) == 0 or (moved == place).all()
    np.testing.assert_array_equal(motion.inverse.of_places(place, grid(SHAPE)), [voxel])
    assert len(moved) == 0 or motion.inverse.of_array(motion.of_array(array))[voxel] == 1.0


def test_a_brain_is_shifted_by_the_distance_wanted_to_the_side_with_most_room() -> None:
    # 12 voxels of 2 mm are free beyond i, 4 below it, 3 and 5 along j
    brain = block((30, 20, 1), (4, 3), (18, 15))

    motion = roomiest_shift(brain, grid(brain.shape, 2.0))

    assert motion == Motion(steps=(round(SHIFT_MM / 2), 0))


def test_a_brain_with_less_room_is_shifted_as_far_as_it_goes() -> None:
    brain = block((20, 20, 1), (1, 7), (20, 20))

    motion = roomiest_shift(brain, grid(brain.shape, 4.0))

    assert motion == Motion(steps=(0, -5))
    assert roomiest_shift(brain, grid(brain.shape, 2.0)) == Motion(steps=(0, -7))


def test_a_brain_that_fills_its_field_stays_where_it_is() -> None:
    full = np.ones((4, 4, 2), dtype=bool)

    assert roomiest_shift(full, grid(full.shape)).is_still
    assert roomiest_shift(~full, grid(full.shape)).is_still


@given(
    start=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    spacing_mm=st.floats(0.5, 30.0),
)
def test_no_voxel_of_a_brain_is_ever_lost(
    start: tuple[int, int], size: tuple[int, int], spacing_mm: float
) -> None:
    brain = block((40, 40, 1), start, (start[0] + size[0], start[1] + size[1]))

    motion = roomiest_shift(brain, grid(brain.shape, spacing_mm))

    assert motion.of_array(brain).sum() == brain.sum()
