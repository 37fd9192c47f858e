from itertools import permutations, product

import nibabel
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.spatial.transform import Rotation

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box3D, Grid, Plane
from gliobench.domain.geometry.orientation import (
    axis_codes,
    canonical,
    reorient,
    reorient_box,
    reorient_plane,
    reorient_voxel,
    turned_like,
)
from gliobench.domain.predictions.forms import box_in_volume

SHAPE = (2, 3, 4)
VALUES = np.arange(24).reshape(SHAPE)
ORIENTATIONS = list(product(permutations(range(3)), product((1.0, -1.0), repeat=3)))


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any orientation, spacing and place, tilted by up to 34° and sheared a little."""
    numbers = st.floats(-1.0, 1.0)
    turn = Rotation.from_rotvec(0.34 * draw(npst.arrays(np.float64, 3, elements=numbers)))
    shear = np.eye(3) + 0.1 * np.triu(draw(npst.arrays(np.float64, (3, 3), elements=numbers)), 1)
    spacing = draw(npst.arrays(np.float64, 3, elements=st.floats(0.3, 7.0)))
    axes, signs = draw(st.sampled_from(ORIENTATIONS))
    affine = np.eye(4)
    affine[:3, :3] = (turn.as_matrix() @ shear * spacing * signs)[:, axes]
    affine[:3, 3] = draw(npst.arrays(np.float64, 3, elements=numbers)) * 200
    i, j, k = draw(st.permutations(SHAPE))
    return Grid(shape=(i, j, k), affine=affine)


def aligned(axes: tuple[int, ...], signs: tuple[float, ...]) -> Grid:
    """A grid whose axis n runs along world axis axes[n], forwards or backwards, slightly tilted."""
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_rotvec([0.1, -0.05, 0.08]).as_matrix()[:, axes] * signs
    affine[:3, :3] *= (1.0, 1.5, 5.0)
    affine[:3, 3] = (-90.0, 126.0, -72.0)
    return Grid(shape=SHAPE, affine=affine)


def assert_same_voxels(source: Grid, target: Grid) -> None:
    values = VALUES.reshape(source.shape)
    turned = reorient(values, source=source, target=target)
    for voxel in np.ndindex(*source.shape):
        now = reorient_voxel(voxel, source=source, target=target)
        assert target.to_mm(now) == pytest.approx(source.to_mm(voxel), abs=1e-9)
        assert turned[now] == values[voxel]


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_each_of_the_48_orientations_comes_to_ras(
    axes: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    grid = aligned(axes, signs)

    ras = canonical(grid)

    assert ras.shape == tuple(SHAPE[axes.index(world)] for world in range(3))
    assert (np.diag(ras.affine)[:3] > 0).all()
    assert np.abs(ras.affine[:3, :3]).argmax(axis=0).tolist() == [0, 1, 2]
    assert_same_voxels(grid, ras)


@given(grids())
def test_every_voxel_keeps_its_place_and_value(grid: Grid) -> None:
    assert_same_voxels(grid, canonical(grid))


@given(grids())
def test_the_way_back_gives_the_array_as_it_was(grid: Grid) -> None:
    ras = canonical(grid)
    values = VALUES.reshape(grid.shape)

    back = reorient(reorient(values, source=grid, target=ras), source=ras, target=grid)

    np.testing.assert_array_equal(back, values)


@given(grids(), npst.arrays(np.float64, 3, elements=st.floats(-50, 50)))
def test_the_way_back_gives_any_coordinate_as_it_was(grid: Grid, at: np.ndarray) -> None:
    ras = canonical(grid)
    voxel = (float(at[0]), float(at[1]), float(at[2]))

    there = reorient_voxel(voxel, source=grid, target=ras)
    back = reorient_voxel(there, source=ras, target=grid)

    assert back == pytest.approx(voxel, abs=1e-12)


@given(grids(), st.data())
def test_a_box_follows_its_voxels(grid: Grid, data: st.DataObject) -> None:
    region = data.draw(npst.arrays(bool, grid.shape).filter(np.any))
    ras = canonical(grid)

    box = reorient_box(box_in_volume(region), source=grid, target=ras)

    assert box == box_in_volume(reorient(region, source=grid, target=ras))
    assert reorient_box(box, source=ras, target=grid) == box_in_volume(region)


@given(grids())
def test_what_is_ras_stays_as_it_is(grid: Grid) -> None:
    ras = canonical(grid)

    assert canonical(ras) == ras


@pytest.mark.parametrize("seed", range(40))
def test_nibabel_finds_the_same_orientation_however_oblique(seed: int) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.random(rng=seed).as_matrix() * (1.0, -1.5, 5.0)
    affine[0, 1] += 0.2
    expected = nibabel.as_closest_canonical(nibabel.Nifti1Image(VALUES.astype(np.int16), affine))
    grid = Grid(shape=SHAPE, affine=affine)

    ras = canonical(grid)

    np.testing.assert_allclose(ras.affine, expected.affine, atol=1e-12)
    turned = reorient(VALUES, source=grid, target=ras)
    np.testing.assert_array_equal(turned, np.asarray(expected.dataobj))


def test_an_array_is_turned_without_a_copy() -> None:
    grid = aligned((2, 0, 1), (-1.0, 1.0, -1.0))

    assert np.shares_memory(reorient(VALUES, source=grid, target=canonical(grid)), VALUES)


def test_grids_that_lie_apart_are_refused() -> None:
    here = Grid(shape=SHAPE, affine=np.eye(4))
    affine = np.eye(4)
    affine[2, 3] = 0.5
    there = Grid(shape=SHAPE, affine=affine)

    with pytest.raises(InvalidInputError, match="do not hold the same voxels"):
        reorient(VALUES, source=here, target=there)


def test_grids_of_other_spacing_are_refused() -> None:
    coarse = Grid(shape=SHAPE, affine=np.diag([2.0, 2.0, 2.0, 1.0]))

    with pytest.raises(InvalidInputError, match="do not hold the same voxels"):
        reorient_voxel((0, 0, 0), source=Grid(shape=SHAPE, affine=np.eye(4)), target=coarse)


def test_an_array_that_is_not_on_its_grid_is_refused() -> None:
    grid = Grid(shape=(4, 3, 2), affine=np.eye(4))

    with pytest.raises(InvalidInputError, match=r"array of shape \(2, 3, 4\)"):
        reorient(VALUES, source=grid, target=grid)


def test_a_box_that_reaches_out_of_the_grid_is_refused() -> None:
    grid = Grid(shape=SHAPE, affine=np.eye(4))

    with pytest.raises(InvalidInputError, match="reaches out"):
        reorient_box(Box3D(start=(0, 0, 0), stop=(2, 3, 5)), source=grid, target=grid)


def test_two_roundings_of_one_oblique_affine_are_turned_alike() -> None:
    def diagonal(degrees: float) -> Grid:
        affine = np.eye(4)
        affine[:3, :3] = 2 * Rotation.from_euler("z", degrees, degrees=True).as_matrix()
        return Grid(shape=(10, 10, 6), affine=affine)

    before, after = diagonal(44.999), diagonal(45.001)

    assert before == after
    assert canonical(before) != canonical(after)
    assert turned_like(after, canonical(before)) == canonical(before)


@given(grids())
def test_a_grid_turned_like_another_of_the_same_voxels_is_that_one(grid: Grid) -> None:
    target = canonical(grid)

    assert turned_like(grid, target) == target
    assert turned_like(target, grid) == grid


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_a_plane_holds_the_same_voxels_on_another_grid(
    axes: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    files = aligned(axes, signs)
    ras = canonical(files)
    values = VALUES.reshape(ras.shape)
    turned = reorient(values, source=ras, target=files)

    axis, index = reorient_plane(Plane(Axis.AXIAL, 1), source=ras, target=files)

    assert set(np.take(turned, index, axis).ravel()) == set(values[:, :, 1].ravel())


@pytest.mark.parametrize(("axes", "signs"), ORIENTATIONS)
def test_axes_are_named_by_their_directions(
    axes: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    files = aligned(axes, signs)

    assert axis_codes(files) == "".join(nibabel.aff2axcodes(files.affine))
