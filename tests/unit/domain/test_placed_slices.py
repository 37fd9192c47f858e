"""Slices that are placed one by one, on a grid that is known."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.placed_slices import LPS_TO_RAS, PlacedSlices

SHAPE = (4, 5, 6)
SPACING = np.diag([0.5, 1.5, 3.0])
TILTED = Rotation.from_euler("xyz", (20, -10, 35), degrees=True).as_matrix()


def grid_of(axes: np.ndarray) -> Grid:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = axes @ SPACING, (-12, 7, 30)
    return Grid(SHAPE, affine)


def slices_of(grid: Grid, axes: tuple[int, int, int], order: list[int]) -> PlacedSlices:
    """Cut a grid across its third of `axes`; rows run along the first, columns along the second."""
    along_row, along_column, across = axes
    to_lps = LPS_TO_RAS @ grid.affine
    first = np.zeros((len(order), 3))
    first[:, across] = order
    return PlacedSlices(
        positions_mm=first @ to_lps[:3, :3].T + to_lps[:3, 3],
        directions=np.stack([to_lps[:3, axis] / grid.spacing_mm[axis] for axis in axes[:2]]),
        spacing_mm=(grid.spacing_mm[along_column], grid.spacing_mm[along_row]),
        shape=(grid.shape[along_column], grid.shape[along_row]),
    )


@pytest.mark.parametrize("tilt", [np.eye(3), TILTED])
def test_each_pixel_is_the_voxel_that_it_lies_on_in_every_orientation(tilt: np.ndarray) -> None:
    turns = product(permutations(range(3)), product((1, -1), repeat=3))
    for (order, signs), cut in product(turns, permutations(range(3))):
        grid = grid_of(tilt @ np.eye(3)[list(order)] * signs)
        volume = np.arange(np.prod(SHAPE)).reshape(SHAPE)

        slices = slices_of(grid, cut, [2, 0])
        places = slices.on(grid)

        for number, index in enumerate([2, 0]):
            expected = volume.transpose(cut)[:, :, index].T
            np.testing.assert_array_equal(places.view(volume, number), expected)


def test_pixels_of_the_same_voxels_turned_are_found_on_the_turned_grid() -> None:
    grid = grid_of(TILTED)
    turned = Grid(SHAPE, grid.affine @ [[-1, 0, 0, 3], [0, 1, 0, 0], [0, 0, -1, 5], [0, 0, 0, 1]])
    volume = np.arange(np.prod(SHAPE)).reshape(SHAPE)

    places = slices_of(grid, (0, 1, 2), [1]).on(turned)

    np.testing.assert_array_equal(places.view(volume, 0), volume[::-1, :, 4].T)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda affine: np.block([[affine[:3, :3], affine[:3, 3:] + 0.3], [affine[3:]]]), "beside"),
        (lambda affine: affine @ np.diag([1, 2, 1, 1]), "another size or direction"),
        (lambda affine: affine @ np.diag([1.04, 1, 1, 1]), "beside"),
        (
            lambda affine: affine @ [[1, 0, 0, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]],
            "beyond",
        ),
    ],
)
def test_pixels_that_are_no_voxels_are_refused(change, why: str) -> None:
    grid = grid_of(np.eye(3))
    slices = slices_of(grid, (0, 1, 2), [0, 1])
    other = Grid(SHAPE, change(grid.affine))

    with pytest.raises(InvalidInputError, match=why):
        slices.on(other)


def test_rounding_within_a_tenth_of_a_voxel_is_allowed() -> None:
    grid = grid_of(TILTED)
    moved = Grid(
        SHAPE, grid.affine @ [[1, 0, 0, 0.05], [0, 1, 0, 0], [0, 0, 1, 0.03], [0, 0, 0, 1]]
    )

    assert slices_of(grid, (0, 1, 2), [0]).on(moved).origins.tolist() == [[0, 0, 0]]
