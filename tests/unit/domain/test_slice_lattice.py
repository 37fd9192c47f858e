"""The grid of slices of which some were left out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.geometry.placed_slices import PlacedSlices
from gliobench.domain.geometry.slice_lattice import covering, lattice_of

TILTED = Rotation.from_euler("xyz", (20, -10, 35), degrees=True).as_matrix()


def slices_at(*heights_mm: float, aside_mm: float = 0.0) -> PlacedSlices:
    """Four rows 1.5 mm apart of five pixels 0.5 mm apart, oblique; the last is moved along its rows."""
    places = np.outer(heights_mm, TILTED[2])
    places[-1] += aside_mm * TILTED[0]
    return PlacedSlices(places, TILTED[:2], (1.5, 0.5), (4, 5))


@pytest.mark.parametrize("apart_mm", [3.0, 2.99, None])
def test_slices_that_were_left_out_have_their_place(apart_mm: float | None) -> None:
    slices = slices_at(30, 12, 15, 12)

    grid = lattice_of(slices, apart_mm)

    assert grid.shape == (5, 4, 7)
    assert grid.spacing_mm == pytest.approx((0.5, 1.5, 3.0))
    assert slices.on(grid).origins[:, 2].tolist() == [6, 0, 1, 0]


def test_a_single_slice_needs_the_distance_of_its_neighbours() -> None:
    assert lattice_of(slices_at(7), 4.0).spacing_mm[2] == pytest.approx(4.0)
    with pytest.raises(InvalidInputError, match="a single slice"):
        lattice_of(slices_at(7), None)


@pytest.mark.parametrize(
    ("slices", "apart_mm", "why"),
    [
        (slices_at(0, 6, 12), 1.0, "1 mm apart, of which no two are closer than 6 mm"),
        (slices_at(0, 3, 7.5), 3.0, "voxels beside a straight stack"),
        (slices_at(0, 3, 6, aside_mm=0.2), 3.0, "0.4 voxels beside a straight stack"),
        (slices_at(0, 1, 90_000), 1.0, "90001 voxels along an axis: wanted at most 1024"),
        (slices_at(0, 1), -1.0, "slices -1 mm apart"),
    ],
)
def test_slices_that_make_no_grid_are_refused(
    slices: PlacedSlices, apart_mm: float, why: str
) -> None:
    with pytest.raises(InvalidInputError, match=why):
        lattice_of(slices, apart_mm)


def test_a_grid_is_continued_to_hold_another_one_of_its_voxels_and_no_more() -> None:
    grid = lattice_of(slices_at(12, 15), 3.0)
    other = canonical(lattice_of(slices_at(6, 9, 18), 3.0))

    around = covering(grid, other)

    assert around.shape == (5, 4, 5)
    assert slices_at(6, 18).on(around).origins[:, 2].tolist() == [0, 4]
    assert slices_at(12, 15).on(around).origins[:, 2].tolist() == [2, 3]
    assert covering(around, grid) == around


def test_a_grid_is_continued_to_hold_the_centres_of_other_voxels() -> None:
    grid = Grid((4, 4, 4), np.eye(4))
    other = Grid((2, 2, 2), np.array([[3, 0, 0, -3], [0, 3, 0, 0], [0, 0, 3, 0], [0, 0, 0, 1.0]]))

    around = covering(grid, other)

    assert around.shape == (8, 6, 6)
    assert around.to_mm((0, 0, 0)) == (-4.0, -1.0, -1.0)
    with pytest.raises(InvalidInputError, match="wanted at most 1024"):
        covering(grid, Grid((1, 1, 1), other.affine * [[1, 1, 1, 999]]))
