"""Rigid motions: what they are, back and forth, one after the other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.scanned_head import turned
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import pulled, pulled_region
from gliobench.domain.geometry.rigid import Rigid

PLACES_MM = np.array([[0.0, 0, 0], [10, -20, 30], [-55, 7, 80]])
angles = st.floats(-180, 180)


@pytest.mark.parametrize(
    "matrix",
    [
        np.diag([1.1, 1, 1, 1]),
        np.diag([-1.0, 1, 1, 1]),
        np.full((4, 4), np.nan),
        np.eye(3),
        np.eye(4)[[3, 1, 2, 0]],
    ],
    ids=["scaled", "mirrored", "not finite", "3 x 3", "projective"],
)
def test_what_is_no_rotation_and_shift_cannot_be_made(matrix: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="rigid motion"):
        Rigid(matrix)


def test_a_quarter_turn_about_z_moves_right_to_front() -> None:
    motion = turned((0, 0, 90), (0, 0, 5), (0, 0, 0))

    moved = motion.moved(np.array([[1.0, 0, 0]]))

    assert moved == pytest.approx(np.array([[0, 1, 5]]), abs=1e-9)


def test_angle_and_distance_are_those_of_the_motion() -> None:
    motion = turned((0, 30, 0), (3, 4, 0), (0, 0, 0))

    assert motion.degrees == pytest.approx(30)
    assert motion.distance_mm(np.zeros((1, 3))) == pytest.approx(5)


@given(angles, angles, angles)
def test_a_motion_and_its_inverse_move_nothing(x: float, y: float, z: float) -> None:
    motion = turned((x, y, z), (10, -20, 30), (5, 5, 5))

    assert motion.then(motion.inverse).moved(PLACES_MM) == pytest.approx(PLACES_MM, abs=1e-6)


def test_motions_follow_each_other_in_their_order() -> None:
    turn, shift = turned((0, 0, 90), (0, 0, 0), (0, 0, 0)), turned((0, 0, 0), (1, 0, 0), (0, 0, 0))

    assert turn.then(shift).moved(np.array([[1.0, 0, 0]])) == pytest.approx(
        np.array([[1, 1, 0]]), abs=1e-9
    )


RAMP_GRID = Grid((20, 22, 24), np.diag([1.0, 1, 1, 1]))
RAMP = np.add.outer(np.add.outer(2.0 * np.arange(20), -np.arange(22)), 0.5 * np.arange(24))


def test_a_ramp_is_interpolated_exactly_in_its_new_place() -> None:
    target = Grid((4, 4, 4), np.diag([0.5, 0.7, 2.0, 1]))
    motion = turned((0, 0, 0), (-5, -6, -7), (0, 0, 0))

    found = pulled(RAMP, source=RAMP_GRID, target=target, motion=motion)

    i, j, k = np.indices((4, 4, 4))
    wanted = 2 * (0.5 * i + 5) - (0.7 * j + 6) + 0.5 * (2 * k + 7)
    assert found == pytest.approx(wanted, abs=1e-4)


def test_without_a_turn_an_image_is_interpolated_as_with_the_smallest() -> None:
    noise = np.random.default_rng(0).random(RAMP_GRID.shape)
    target = Grid((31, 17, 12), np.diag([-0.7, 1.3, 2.1, 1]))
    straight, turned_a_little = (
        pulled(
            noise, source=RAMP_GRID, target=target, motion=turned((degrees, 0, 0), shift, (0, 0, 0))
        )
        for degrees, shift in ((0, (-19.3, 2.3, -3.1)), (1e-6, (-19.3, 2.3, -3.1)))
    )

    assert straight.any()
    assert straight == pytest.approx(turned_a_little, abs=1e-5)


def test_an_image_on_its_own_grid_stays_as_it_is() -> None:
    affine = np.diag([-1.0, -1, 1, 1])
    affine[:3, 3] = 0.1, 239.3, -7.7
    grid = Grid(RAMP_GRID.shape, affine)

    assert pulled(RAMP, source=grid, target=grid, motion=Rigid.none()) == pytest.approx(
        RAMP, abs=1e-4
    )


def test_outside_of_an_image_there_is_nothing() -> None:
    far = turned((0, 0, 0), (100, 0, 0), (0, 0, 0))

    assert not pulled(RAMP, source=RAMP_GRID, target=RAMP_GRID, motion=far).any()


def test_a_voxel_is_seen_as_far_as_the_next_ones() -> None:
    drawn = np.zeros(RAMP_GRID.shape)
    drawn[4, 5, 9] = 1
    target = Grid((80, 4, 4), np.diag([0.25, 1, 1, 1]))

    found = pulled(
        drawn, source=RAMP_GRID, target=target, motion=turned((0, 0, 0), (0, -4, -8), (0, 0, 0))
    )

    assert found[:, 1, 1] == pytest.approx(
        np.clip(1 - np.abs(np.arange(80) / 4 - 4), 0, None), abs=1e-6
    )


def test_a_thick_voxel_belongs_to_a_region_that_fills_half_of_it() -> None:
    region = np.zeros(RAMP_GRID.shape, dtype=bool)
    region[5:10, 5:10, 0:9] = True  # of slices of 6 mm: all of the first, half of the second
    thick = Grid(
        (20, 22, 4), np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 6, 2.5], [0, 0, 0, 1.0]])
    )

    found = pulled_region(region, source=RAMP_GRID, target=thick, motion=Rigid.none())

    assert found[7, 7].tolist() == [True, True, False, False]
    assert int(found[:, :, 0].sum()) == 25


def test_a_region_moved_there_and_back_keeps_its_size() -> None:
    region = np.zeros(RAMP_GRID.shape, dtype=bool)
    region[5:15, 6:16, 7:17] = True
    motion = turned((12, -7, 20), (0.3, 0.4, -0.2), (10, 11, 12))
    there = pulled_region(region, source=RAMP_GRID, target=RAMP_GRID, motion=motion)

    back = pulled_region(there, source=RAMP_GRID, target=RAMP_GRID, motion=motion.inverse)

    assert 2 * (back & region).sum() / (back.sum() + region.sum()) > 0.93
