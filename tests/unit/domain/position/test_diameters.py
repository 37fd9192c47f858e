from math import hypot, sqrt

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Grid, Plane, Polygon
from gliobench.domain.geometry.orientation import canonical, reorient
from gliobench.domain.position.diameters import (
    Diameters,
    axial_diameters,
    longest_diameter_mm,
    polygon_diameters,
)

AXIAL_2 = Plane(Axis.AXIAL, 2)


def grid(*spacing_mm: float, shape: tuple[int, int, int] = (20, 20, 8)) -> Grid:
    return Grid(shape, np.diag([*(spacing_mm or (1.0, 1.0, 1.0)), 1.0]))


def region(*blocks: tuple[slice | int, ...]) -> np.ndarray:
    voxels = np.zeros((20, 20, 8), dtype=bool)
    for block in blocks:
        voxels[block] = True
    return voxels


def test_a_row_of_five_voxels_of_1_mm_is_5_mm_long_and_1_mm_wide() -> None:
    found = axial_diameters(region((slice(3, 8), 4, 2)), grid())

    assert found == Diameters(AXIAL_2, longest_mm=5.0, perpendicular_mm=1.0)


def test_a_row_across_thick_voxels_is_as_long_as_their_edges() -> None:
    row = region((4, slice(3, 8), 2))

    found = axial_diameters(row, grid(0.5, 3.0, 6.0))

    assert found == Diameters(AXIAL_2, longest_mm=15.0, perpendicular_mm=0.5)


def test_the_diagonal_of_a_block_runs_between_the_outline_points_furthest_apart() -> None:
    # Of 5 by 3 voxels, from half a voxel beyond one corner along i to the same at the opposite corner.
    found = axial_diameters(region((slice(3, 8), slice(4, 7), 2)), grid())

    assert found.longest_mm == pytest.approx(hypot(5, 2))


def test_the_perpendicular_diameter_of_a_cross_is_its_other_arm() -> None:
    cross = region((slice(2, 13), 8, 2), (7, slice(5, 12), 2))

    found = axial_diameters(cross, grid())

    assert (found.longest_mm, found.perpendicular_mm) == pytest.approx((11.0, 7.0))


def test_the_slice_with_the_longest_diameter_is_measured() -> None:
    found = axial_diameters(region((slice(3, 9), slice(3, 9), 1), (slice(1, 13), 4, 5)), grid())

    assert found.plane.index == 5
    assert found.longest_mm == 12.0


def test_a_part_that_does_not_touch_lengthens_no_diameter() -> None:
    apart = region((slice(3, 8), 4, 2), (18, 18, 2), (0, 0, 7))

    assert axial_diameters(apart, grid()).longest_mm == 5.0
    assert longest_diameter_mm(apart, grid()) == 5.0


def test_the_longest_diameter_in_the_volume_counts_thick_slices_in_full() -> None:
    block = region((slice(3, 6), 4, slice(1, 5)))

    # From half a voxel below the first corner to half a voxel above the opposite one.
    assert longest_diameter_mm(block, grid(1.0, 1.0, 6.0)) == pytest.approx(hypot(2, 24))


def test_a_single_voxel_is_as_long_as_its_longest_edge() -> None:
    voxel = region((4, 4, 2))

    assert longest_diameter_mm(voxel, grid(1.0, 2.0, 5.0)) == 5.0
    assert axial_diameters(voxel, grid(1.0, 2.0, 5.0)) == Diameters(AXIAL_2, 2.0, 1.0)


def test_a_sheared_slice_is_measured_in_millimetres_of_the_world() -> None:
    affine = np.eye(4)
    affine[0, 1] = 1.0  # each step along j also moves 1 mm along x
    column = region((4, slice(3, 8), 2))

    found = axial_diameters(column, Grid((20, 20, 8), affine))

    assert found.longest_mm == pytest.approx(5 * sqrt(2))


@pytest.mark.parametrize("orientation", [(-1, 1, 1), (-1, -1, -1), (1, -1, -1)])
def test_files_of_any_orientation_give_the_same_diameters(orientation: tuple[int, ...]) -> None:
    shape = (20, 20, 8)
    files = Grid(shape, np.diag([*np.multiply(orientation, (1.0, 0.8, 3.0)), 1.0]))
    ras = canonical(files)
    lesion = region((slice(3, 12), slice(5, 9), slice(2, 5)), (5, slice(4, 13), 3))

    found = axial_diameters(reorient(lesion, source=files, target=ras), ras)
    upright = axial_diameters(lesion, grid(1.0, 0.8, 3.0))

    assert (found.longest_mm, found.perpendicular_mm) == pytest.approx(
        (upright.longest_mm, upright.perpendicular_mm)
    )
    assert longest_diameter_mm(reorient(lesion, source=files, target=ras), ras) == pytest.approx(
        longest_diameter_mm(lesion, grid(1.0, 0.8, 3.0))
    )


def test_an_oblique_grid_gives_the_same_diameters() -> None:
    affine = np.diag([1.0, 0.8, 3.0, 1.0])
    affine[:3, :3] = (
        Rotation.from_euler("xyz", [10, -7, 15], degrees=True).as_matrix() @ affine[:3, :3]
    )
    lesion = region((slice(3, 12), slice(5, 9), slice(2, 5)))

    oblique = axial_diameters(lesion, Grid((20, 20, 8), affine))

    upright = axial_diameters(lesion, grid(1.0, 0.8, 3.0))
    assert oblique.longest_mm == pytest.approx(upright.longest_mm)
    assert oblique.perpendicular_mm == pytest.approx(upright.perpendicular_mm)


def test_a_disc_is_as_wide_as_it_is_long() -> None:
    i, j = np.indices((81, 81))
    disc = ((i - 40) ** 2 + (j - 40) ** 2 <= 30**2)[:, :, None]

    found = axial_diameters(disc, grid(shape=(81, 81, 1)))

    assert found.longest_mm == pytest.approx(61.0)
    assert found.perpendicular_mm == pytest.approx(61.0)


def test_the_longest_diameter_is_that_of_all_pairs_of_outline_points() -> None:
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(16, 16, 6)), 2) > 0.05
    part, _ = ndimage.label(noise, np.ones((3, 3, 3)))
    part = part == np.bincount(part[part > 0]).argmax()
    steps = np.concatenate([np.eye(3), -np.eye(3)]) / 2
    spacing = np.array([1.0, 0.7, 2.5])
    points = (np.argwhere(part)[:, None] + steps).reshape(-1, 3) * spacing

    brute_force = max(float(np.linalg.norm(points - point, axis=1).max()) for point in points)

    measured = longest_diameter_mm(part, grid(*spacing, shape=(16, 16, 6)))
    assert measured == pytest.approx(brute_force)


def test_a_polygon_is_measured_between_its_vertices() -> None:
    rhombus = Polygon(AXIAL_2, ((2, 8), (8, 6), (14, 8), (8, 10)))

    found = polygon_diameters(rhombus, grid(0.5, 1.5, 1.0))

    assert found == Diameters(AXIAL_2, longest_mm=6.0, perpendicular_mm=6.0)


def test_the_perpendicular_of_a_diagonal_diameter_is_the_other_diagonal() -> None:
    rhombus = Polygon(AXIAL_2, ((0, 0), (5, 3), (8, 8), (3, 5)))

    found = polygon_diameters(rhombus, grid())

    assert found.longest_mm == pytest.approx(8 * sqrt(2))
    assert found.perpendicular_mm == pytest.approx(2 * sqrt(2))


def test_the_perpendicular_diameter_lies_where_the_outline_is_widest() -> None:
    # A kite along i: 12 long, and 6 wide at a third of its length.
    kite = Polygon(AXIAL_2, ((0, 8), (4, 5), (12, 8), (4, 11)))

    found = polygon_diameters(kite, grid())

    assert found == Diameters(AXIAL_2, longest_mm=12.0, perpendicular_mm=6.0)


def test_a_polygon_on_another_plane_has_no_axial_diameters() -> None:
    coronal = Polygon(Plane(Axis.CORONAL, 2), ((2, 2), (8, 2), (5, 7)))

    with pytest.raises(InvalidInputError, match="not axial"):
        polygon_diameters(coronal, grid())


def test_an_empty_region_has_no_diameters() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        axial_diameters(region(), grid())


def test_the_perpendicular_diameter_cannot_be_the_longer_one() -> None:
    with pytest.raises(InvalidInputError, match="perpendicular ≤ longest"):
        Diameters(AXIAL_2, longest_mm=4.0, perpendicular_mm=5.0)
