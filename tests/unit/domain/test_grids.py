import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
    extent,
)

AXIAL_60 = Plane(axis=Axis.AXIAL, index=60)
NAN, INF = float("nan"), float("inf")
COORDINATES = st.floats(-500, 500)


def grid(shape: tuple[int, int, int] = (4, 5, 6), spacing: float = 1.0) -> Grid:
    return Grid(shape=shape, affine=np.diag([spacing, spacing, spacing, 1.0]))


def moved(affine: np.ndarray, millimetres: float) -> np.ndarray:
    result = affine.copy()
    result[0, 3] += millimetres
    return result


@pytest.mark.parametrize("shape", [(0, 5, 5), (5, 5), (5, 5, 5, 5), (5, -1, 5)])
def test_a_grid_without_three_positive_lengths_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(InvalidInputError, match="three positive lengths"):
        Grid(shape=shape, affine=np.eye(4))  # type: ignore[arg-type]  # the wrong length is the point


@pytest.mark.parametrize("affine", [np.eye(3), np.full((4, 4), NAN), np.diag([1, 1, INF, 1])])
def test_an_affine_that_is_no_finite_4x4_matrix_is_refused(affine: np.ndarray) -> None:
    with pytest.raises(InvalidInputError, match="finite 4x4"):
        Grid(shape=(2, 2, 2), affine=affine)


def test_a_flat_affine_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="cannot be inverted"):
        Grid(shape=(2, 2, 2), affine=np.diag([1.0, 1.0, 0.0, 1.0]))


def test_a_grid_keeps_its_own_affine() -> None:
    affine = np.eye(4)
    kept = Grid(shape=(2, 2, 2), affine=affine)

    affine[0, 0] = 9.0

    assert kept.affine[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        kept.affine[0, 0] = 9.0


def test_spacing_is_the_length_of_a_step_whatever_the_direction() -> None:
    affine = np.array([[0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]], dtype=float)

    turned = Grid(shape=(2, 2, 2), affine=affine)

    assert turned.spacing_mm == (2.0, 3.0, 4.0)
    assert turned.voxel_volume_mm3 == pytest.approx(24.0)


def test_a_shear_lengthens_steps_and_keeps_the_volume() -> None:
    affine = np.eye(4)
    affine[0, 1] = 1.0

    sheared = Grid(shape=(2, 2, 2), affine=affine)

    assert sheared.spacing_mm == pytest.approx((1.0, 2**0.5, 1.0))
    assert sheared.voxel_volume_mm3 == pytest.approx(1.0)


@given(npst.arrays(np.float64, (3, 4), elements=st.floats(-10, 10)), COORDINATES)
def test_millimetres_and_back_is_the_same_voxel(matrix: np.ndarray, at: float) -> None:
    affine = np.eye(4)
    affine[:3] += matrix / 20  # close enough to one for a good inverse
    lattice = Grid(shape=(2, 2, 2), affine=affine + np.diag([3.0, 3.0, 3.0, 0.0]))
    voxel = (at, -at, at / 2)

    assert lattice.to_voxel(lattice.to_mm(voxel)) == pytest.approx(voxel, abs=1e-8)


def test_the_voxels_of_a_part_are_where_they_were() -> None:
    oblique = np.array([[0, -2, 0.5, 7], [1.5, 0, 0, -3], [0, 0.4, 3, 5], [0, 0, 0, 1.0]])
    whole = Grid((8, 9, 10), oblique)

    part = whole.part((slice(2, 5), slice(0, 9), slice(7, 10)))

    assert part.shape == (3, 9, 3)
    assert part.to_mm((1, 4, 2)) == pytest.approx(whole.to_mm((3, 4, 9)))


@pytest.mark.parametrize("spacing", [0.5, 1.0, 5.0])
def test_grids_match_within_a_tenth_of_a_voxel(spacing: float) -> None:
    near, far = (moved(grid(spacing=spacing).affine, part * spacing) for part in (0.099, 0.101))

    assert grid(spacing=spacing) == Grid(shape=(4, 5, 6), affine=near)
    assert hash(grid()) == hash(Grid(shape=(4, 5, 6), affine=near))
    assert grid(spacing=spacing) != Grid(shape=(4, 5, 6), affine=far)


def test_a_thick_slice_has_more_room_across_than_within() -> None:
    thick = Grid(shape=(4, 5, 6), affine=np.diag([1.0, 1.0, 5.0, 1.0]))
    across, within = thick.affine.copy(), thick.affine.copy()
    across[2, 3] += 0.4
    within[0, 3] += 0.4

    assert thick == Grid(shape=thick.shape, affine=across)
    assert thick != Grid(shape=thick.shape, affine=within)


def test_the_axes_of_a_voxel_count_and_not_those_of_the_room() -> None:
    turned = Grid(
        shape=(4, 5, 6), affine=np.array([[0, 0, 5, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1.0]])
    )

    assert turned == Grid(shape=(4, 5, 6), affine=moved(turned.affine, 0.4))


def test_a_small_turn_counts_at_the_farthest_corner() -> None:
    small, large = (Grid(shape=(n, n, n), affine=np.eye(4)) for n in (10, 1000))
    turn = np.eye(4)
    turn[0, 1] = 1e-3

    assert small == Grid(shape=small.shape, affine=turn)
    assert large != Grid(shape=large.shape, affine=turn)


def test_grids_of_other_shape_or_spacing_differ() -> None:
    assert grid() != grid(shape=(4, 5, 7))
    assert grid() != grid(spacing=1.1)
    assert grid() != "grid"


def test_the_difference_is_told_in_millimetres_and_voxels() -> None:
    two = grid(spacing=2.0)

    assert two.difference(Grid(shape=(4, 5, 6), affine=moved(two.affine, 3.0))) == (
        "up to 3 mm (1.5 voxels) apart: wanted at most 0.1 voxels"
    )
    assert two.difference(grid(shape=(4, 5, 7))) == "shape (4, 5, 7), not (4, 5, 6)"
    assert two.difference(two) == ""


def test_a_mirrored_grid_with_the_same_first_corner_differs() -> None:
    mirrored = Grid(shape=(4, 5, 6), affine=np.diag([-1.0, 1.0, 1.0, 1.0]))

    assert grid() != mirrored


@pytest.mark.parametrize(
    ("axis", "in_plane"), [(Axis.SAGITTAL, (1, 2)), (Axis.CORONAL, (0, 2)), (Axis.AXIAL, (0, 1))]
)
def test_a_plane_is_spanned_by_the_other_two_axes_in_rising_order(
    axis: Axis, in_plane: tuple[int, int]
) -> None:
    volume = np.arange(4 * 5 * 6).reshape(4, 5, 6)
    lattice = Grid(shape=(4, 5, 6), affine=np.diag([1.0, 2.0, 3.0, 1.0]))

    plane = Plane(axis=axis, index=1)

    assert plane.in_plane_axes == in_plane
    assert plane.spacing_mm(lattice) == tuple(lattice.spacing_mm[at] for at in in_plane)
    np.testing.assert_array_equal(plane.cut(volume), np.moveaxis(volume, axis, 0)[1])


def test_a_plane_outside_the_array_cannot_be_cut() -> None:
    with pytest.raises(InvalidInputError, match="plane 60 lies outside axial axis of 6 voxels"):
        AXIAL_60.cut(np.zeros((4, 5, 6)))


def test_a_plane_below_zero_cannot_be_made() -> None:
    with pytest.raises(InvalidInputError, match="negative"):
        Plane(axis=Axis.AXIAL, index=-1)


@pytest.mark.parametrize(("start", "stop"), [((5, 5), (5, 9)), ((5, 5), (9, 4)), ((-1, 0), (2, 2))])
def test_a_box_that_holds_no_voxel_cannot_be_made(
    start: tuple[int, int], stop: tuple[int, int]
) -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        Box(plane=AXIAL_60, start=start, stop=stop)


def test_a_box_in_the_volume_that_holds_no_voxel_cannot_be_made() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        Box3D(start=(0, 0, 3), stop=(2, 2, 3))


def test_the_centre_of_a_box_lies_between_its_outermost_voxel_centres() -> None:
    box = Box3D(start=(0, 2, 4), stop=(1, 4, 7))

    assert box.centre == Point3D(at=(0.0, 2.5, 5.0))


@pytest.mark.parametrize("bad", [NAN, INF, -INF])
def test_a_point_that_is_not_finite_cannot_be_made(bad: float) -> None:
    with pytest.raises(InvalidInputError, match="not finite"):
        Point(plane=AXIAL_60, at=(bad, 0.0))
    with pytest.raises(InvalidInputError, match="not finite"):
        Point3D(at=(0.0, bad, 0.0))
    with pytest.raises(InvalidInputError, match="not finite"):
        Polygon(plane=AXIAL_60, vertices=((0.0, 0.0), (1.0, 0.0), (1.0, bad)))


def test_a_polygon_of_two_vertices_cannot_be_made() -> None:
    with pytest.raises(InvalidInputError, match="2 vertices"):
        Polygon(plane=AXIAL_60, vertices=((0.0, 0.0), (1.0, 0.0)))


@pytest.mark.parametrize(
    "vertices",
    [
        pytest.param([(0, 0), (2, 2), (2, 0), (0, 2)], id="bow tie"),
        pytest.param([(0, 0), (1, 1), (2, 2)], id="all on one line"),
        pytest.param([(1, 1), (1, 1), (1, 1)], id="all in one place"),
        pytest.param([(0, 0), (4, 0), (4, 4), (2, 0), (0, 4)], id="touches itself"),
    ],
)
def test_a_polygon_that_is_not_simple_cannot_be_made(vertices: list[tuple[float, float]]) -> None:
    with pytest.raises(InvalidInputError, match="not simple"):
        Polygon(plane=AXIAL_60, vertices=tuple(vertices))


def test_a_polygon_may_run_either_way_round() -> None:
    triangle = ((0.0, 0.0), (2.0, 0.0), (0.0, 2.0))

    Polygon(plane=AXIAL_60, vertices=triangle)
    Polygon(plane=AXIAL_60, vertices=triangle[::-1])


def test_the_extent_is_the_smallest_block_that_holds_a_region() -> None:
    region = np.zeros((5, 6, 7), dtype=bool)
    region[1, 2, 3] = region[3, 2, 6] = True

    assert extent(region) == (slice(1, 4), slice(2, 3), slice(3, 7))


def test_an_empty_region_has_no_extent() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        extent(np.zeros((2, 2), dtype=bool))


def test_at_right_angles_a_pixel_is_as_long_as_its_voxel() -> None:
    grid = Grid(shape=(4, 5, 6), affine=np.diag([2.0, 1.0, 3.0, 1.0]))

    pixel_mm = Plane(Axis.CORONAL, 0).pixel_mm(grid)

    assert pixel_mm.tolist() == [[2.0, 0.0], [0.0, 3.0]]


@given(
    affine=npst.arrays(np.float64, (3, 3), elements=st.floats(-2, 2)).map(
        lambda skew: np.block([[np.eye(3) * 3 + skew / 4, np.ones((3, 1))], [0.0, 0.0, 0.0, 1.0]])
    ),
    places=npst.arrays(np.float64, (2, 2), elements=COORDINATES),
    axis=st.sampled_from(Axis),
)
def test_lengths_on_a_plane_are_those_of_the_world_on_skewed_grids_too(
    affine: np.ndarray, places: np.ndarray, axis: Axis
) -> None:
    skewed, plane = Grid(shape=(4, 5, 6), affine=affine), Plane(axis, 2)
    ends = [skewed.to_mm(Point(plane, at=(at[0], at[1])).in_volume.at) for at in places.tolist()]

    flat = places @ plane.pixel_mm(skewed)

    apart_mm = np.linalg.norm(np.subtract(*ends))
    assert np.linalg.norm(flat[0] - flat[1]) == pytest.approx(apart_mm, abs=1e-6)
