from collections.abc import Callable

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import (
    Axis,
    BoolArray,
    Box,
    Box3D,
    Grid,
    Plane,
    Point,
    Point3D,
    Polygon,
)
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.forms import (
    box_in_volume,
    box_on_plane,
    in_volume,
    largest_plane,
    on_plane,
    point_in_volume,
    point_on_plane,
    polygon_in_volume,
    polygon_on_plane,
)
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    Localisation,
    LocalisationPrediction,
    Mask,
)

GRID = Grid(shape=(8, 9, 10), affine=np.eye(4))
AXIAL_3 = Plane(axis=Axis.AXIAL, index=3)
AXIAL_9 = Plane(axis=Axis.AXIAL, index=9)
FAILED = Failure(FailureReason.BACKEND_ERROR, "out of memory")
PLANAR = {Form.POINT, Form.BOX, Form.POLYGON}

SLICES = npst.arrays(bool, npst.array_shapes(min_dims=2, max_dims=2, max_side=7)).filter(np.any)
VOLUMES = npst.arrays(bool, npst.array_shapes(min_dims=3, max_dims=3, max_side=5)).filter(np.any)


def block(start: tuple[int, int, int], stop: tuple[int, int, int]) -> BoolArray:
    region = np.zeros(GRID.shape, dtype=bool)
    region[tuple(slice(lo, hi) for lo, hi in zip(start, stop, strict=True))] = True
    return region


def mask(region: BoolArray) -> Mask:
    return Mask(grid=GRID, regions={Region.WT: region})


def answered(**answers: Localisation | Failure) -> LocalisationPrediction:
    return LocalisationPrediction({Form(form): answer for form, answer in answers.items()})


def outlined(pixels: BoolArray) -> Polygon:
    plane = Plane(axis=Axis.AXIAL, index=0)
    polygon = polygon_on_plane(pixels[:, :, None], plane)
    assert polygon is not None
    return polygon


def rasterised(polygon: Polygon, shape: tuple[int, ...]) -> BoolArray:
    """The pixels whose centre lies in the polygon."""
    first, second = np.indices(shape)
    return shapely.contains_xy(shapely.Polygon(polygon.vertices), first, second)


BLOCK = block((1, 2, 3), (3, 6, 6))


def test_the_centre_of_a_block_is_its_middle() -> None:
    assert point_in_volume(BLOCK) == Point3D(at=(1.5, 3.5, 4.0))


def test_the_centre_weighs_every_voxel_alike() -> None:
    region = block((0, 0, 0), (3, 1, 1)) | block((6, 0, 0), (7, 1, 1))

    assert point_in_volume(region) == Point3D(at=((0 + 1 + 2 + 6) / 4, 0.0, 0.0))


@given(VOLUMES)
def test_the_centre_is_the_mean_of_the_voxels(region: BoolArray) -> None:
    assert point_in_volume(region).at == pytest.approx(np.argwhere(region).mean(axis=0))


def test_the_box_of_a_block_is_the_block() -> None:
    assert box_in_volume(BLOCK) == Box3D(start=(1, 2, 3), stop=(3, 6, 6))


@given(VOLUMES)
def test_the_box_holds_all_voxels_within_the_grid_and_touches_them_on_each_side(
    region: BoolArray,
) -> None:
    box = box_in_volume(region)

    inside = region[tuple(slice(lo, hi) for lo, hi in zip(box.start, box.stop, strict=True))]
    assert inside.sum() == region.sum()
    assert all(hi <= n for hi, n in zip(box.stop, region.shape, strict=True))
    for axis in range(3):
        assert inside.take(0, axis=axis).any()
        assert inside.take(-1, axis=axis).any()


@pytest.mark.parametrize("form", [point_in_volume, box_in_volume])
def test_an_empty_region_has_no_place_in_the_volume(form: Callable[..., object]) -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        form(np.zeros(GRID.shape, dtype=bool))


def test_the_largest_plane_cuts_most_voxels() -> None:
    region = block((0, 0, 2), (1, 1, 9)) | block((0, 0, 5), (3, 3, 6))

    assert largest_plane(region, Axis.AXIAL) == Plane(axis=Axis.AXIAL, index=5)
    assert largest_plane(region, Axis.SAGITTAL) == Plane(axis=Axis.SAGITTAL, index=0)


def test_of_equally_large_planes_the_lowest_is_taken() -> None:
    assert largest_plane(BLOCK, Axis.AXIAL).index == 3


def test_an_empty_region_has_no_largest_plane() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        largest_plane(np.zeros(GRID.shape, dtype=bool), Axis.AXIAL)


@pytest.mark.parametrize(
    ("axis", "at", "start", "stop"),
    [
        (Axis.SAGITTAL, (3.5, 4.0), (2, 3), (6, 6)),
        (Axis.CORONAL, (1.5, 4.0), (1, 3), (3, 6)),
        (Axis.AXIAL, (1.5, 3.5), (1, 2), (3, 6)),
    ],
)
def test_a_block_is_a_rectangle_on_each_plane_that_cuts_it(
    axis: Axis, at: tuple[float, float], start: tuple[int, int], stop: tuple[int, int]
) -> None:
    plane = largest_plane(BLOCK, axis)

    assert point_on_plane(BLOCK, plane) == Point(plane=plane, at=at)
    assert box_on_plane(BLOCK, plane) == Box(plane=plane, start=start, stop=stop)
    polygon = polygon_on_plane(BLOCK, plane)
    assert polygon is not None
    (left, low), (right, high) = np.array(start) - 0.5, np.array(stop) - 0.5
    assert set(polygon.vertices) == {(left, low), (left, high), (right, high), (right, low)}


@pytest.mark.parametrize("form", [point_on_plane, box_on_plane, polygon_on_plane])
def test_a_plane_beside_the_region_shows_nothing(form: Callable[..., object]) -> None:
    assert form(BLOCK, AXIAL_9) is None


@pytest.mark.parametrize("form", [point_on_plane, box_on_plane, polygon_on_plane])
def test_a_plane_outside_the_grid_is_refused(form: Callable[..., object]) -> None:
    with pytest.raises(InvalidInputError, match="lies outside"):
        form(BLOCK, Plane(axis=Axis.AXIAL, index=10))


def test_an_outline_has_a_vertex_at_each_corner_and_nowhere_else() -> None:
    corner = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]], dtype=bool)

    vertices = outlined(corner).vertices

    assert set(vertices) == {
        (-0.5, -0.5), (-0.5, 2.5), (0.5, 2.5), (0.5, 0.5), (2.5, 0.5), (2.5, -0.5)
    }  # fmt: skip  # the way round the corner
    assert len(vertices) == 6


def test_pixels_that_touch_at_a_corner_only_are_two_groups_and_the_lower_one_is_outlined() -> None:
    diagonal = np.eye(2, dtype=bool)

    assert set(outlined(diagonal).vertices) == {(-0.5, -0.5), (-0.5, 0.5), (0.5, 0.5), (0.5, -0.5)}


def test_the_group_of_most_pixels_is_outlined_even_if_a_ring_spans_more() -> None:
    ring = np.zeros((5, 12), dtype=bool)
    ring[:, :5] = True
    ring[1:4, 1:4] = False
    ring[:, 7:11] = True

    assert (
        rasterised(outlined(ring), ring.shape).tolist() == [[False] * 7 + [True] * 4 + [False]] * 5
    )


@given(SLICES)
def test_an_outline_filled_again_is_its_largest_group_without_holes(pixels: BoolArray) -> None:
    groups, _ = ndimage.label(pixels)
    sizes = np.bincount(groups.ravel())[1:]

    filled = rasterised(outlined(pixels), pixels.shape)

    equals = [groups == 1 + n for n in np.flatnonzero(sizes == sizes.max())]
    assert any((filled == ndimage.binary_fill_holes(group)).all() for group in equals)


@given(SLICES)
def test_an_outline_encloses_the_area_of_its_pixels(pixels: BoolArray) -> None:
    polygon = outlined(pixels)

    area = shapely.Polygon(polygon.vertices).area
    assert area == rasterised(polygon, pixels.shape).sum()


def test_a_mask_on_a_plane_is_point_box_and_polygon() -> None:
    found = on_plane(answered(mask=mask(BLOCK)), AXIAL_3, GRID)

    assert found == {
        Form.POINT: point_on_plane(BLOCK, AXIAL_3),
        Form.BOX: box_on_plane(BLOCK, AXIAL_3),
        Form.POLYGON: polygon_on_plane(BLOCK, AXIAL_3),
    }


def test_a_mask_that_misses_the_plane_is_a_failure_there() -> None:
    found = on_plane(answered(mask=mask(BLOCK)), AXIAL_9, GRID)

    missed = Failure(FailureReason.OFF_PLANE, "mask is not on axial plane 9")
    assert found == dict.fromkeys(PLANAR, missed)


def test_a_mask_without_a_voxel_says_that_there_is_no_tumour_in_any_form() -> None:
    empty = answered(mask=mask(np.zeros_like(BLOCK)))

    assert on_plane(empty, AXIAL_3, GRID) == dict.fromkeys(PLANAR, NO_TUMOUR)
    assert in_volume(empty)[Form.POINT_3D] == in_volume(empty)[Form.BOX_3D] == NO_TUMOUR


def test_no_tumour_in_the_volume_is_none_on_the_plane() -> None:
    found = on_plane(answered(box_3d=NO_TUMOUR), AXIAL_3, GRID)

    assert found == {Form.POINT: NO_TUMOUR, Form.BOX: NO_TUMOUR}


def test_a_failed_mask_fails_in_each_form_that_it_would_have_yielded() -> None:
    assert on_plane(answered(mask=FAILED), AXIAL_3, GRID) == dict.fromkeys(PLANAR, FAILED)


def test_a_point_in_the_volume_is_projected() -> None:
    plane = Plane(axis=Axis.CORONAL, index=0)

    found = on_plane(answered(point_3d=Point3D(at=(1.0, 2.5, 3.0))), plane, GRID)

    assert found == {Form.POINT: Point(plane=plane, at=(1.0, 3.0))}


@pytest.mark.parametrize("index", [3, 5])
def test_a_box_in_the_volume_is_cut_by_each_plane_from_its_start_to_before_its_stop(
    index: int,
) -> None:
    plane = Plane(axis=Axis.AXIAL, index=index)

    found = on_plane(answered(box_3d=box_in_volume(BLOCK)), plane, GRID)

    assert found == {
        Form.POINT: Point(plane=plane, at=(1.5, 3.5)),
        Form.BOX: Box(plane=plane, start=(1, 2), stop=(3, 6)),
    }


@pytest.mark.parametrize("index", [2, 6])
def test_a_box_beside_the_plane_is_a_failure_there(index: int) -> None:
    plane = Plane(axis=Axis.AXIAL, index=index)

    found = on_plane(answered(box_3d=box_in_volume(BLOCK)), plane, GRID)

    missed = Failure(FailureReason.OFF_PLANE, f"box_3d is not on axial plane {index}")
    assert found == {Form.POINT: missed, Form.BOX: missed}


def test_answers_on_the_plane_stay_as_they_are() -> None:
    point = Point(plane=AXIAL_3, at=(1.0, 1.0))
    box = Box(plane=AXIAL_3, start=(0, 0), stop=(1, 1))
    polygon = Polygon(plane=AXIAL_3, vertices=((0, 0), (1, 0), (0, 1)))

    found = on_plane(answered(point=point, box=box, polygon=polygon), AXIAL_3, GRID)

    assert found == {Form.POINT: point, Form.BOX: box, Form.POLYGON: polygon}


def test_an_answer_on_a_parallel_plane_is_projected_onto_this_one() -> None:
    found = on_plane(answered(point=Point(plane=AXIAL_9, at=(1.0, 1.5))), AXIAL_3, GRID)

    assert found == {Form.POINT: Point(plane=AXIAL_3, at=(1.0, 1.5))}


def test_an_answer_on_a_plane_across_is_a_failure_on_this_one() -> None:
    across = Point(plane=Plane(axis=Axis.CORONAL, index=3), at=(1.0, 1.0))

    found = on_plane(answered(point=across), AXIAL_3, GRID)

    missed = Failure(FailureReason.OFF_PLANE, "point is not on axial plane 3")
    assert found == {Form.POINT: missed}


def test_the_most_direct_answer_decides_on_a_plane() -> None:
    own = Point(plane=AXIAL_3, at=(7.0, 7.0))
    prediction = answered(
        point=own,
        mask=mask(BLOCK),
        point_3d=Point3D(at=(0, 0, 0)),
        box_3d=Box3D((0, 0, 0), (9, 9, 9)),
    )

    found = on_plane(prediction, AXIAL_3, GRID)

    assert found[Form.POINT] == own
    assert found[Form.BOX] == box_on_plane(BLOCK, AXIAL_3)


def test_a_failed_direct_answer_is_not_replaced_by_another() -> None:
    found = on_plane(answered(point=FAILED, point_3d=Point3D(at=(0, 0, 0))), AXIAL_3, GRID)

    assert found == {Form.POINT: FAILED}


def test_a_plane_outside_the_study_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="outside a grid"):
        on_plane(answered(point=FAILED), Plane(axis=Axis.AXIAL, index=10), GRID)


def test_a_mask_on_another_grid_is_refused() -> None:
    other = Grid(shape=GRID.shape, affine=np.diag([2.0, 2.0, 2.0, 1.0]))

    with pytest.raises(InvalidInputError, match="not the study's"):
        on_plane(answered(mask=mask(BLOCK)), AXIAL_3, other)


def test_a_mask_in_the_volume_is_point_and_box_besides() -> None:
    tumour = mask(BLOCK)

    found = in_volume(answered(mask=tumour))

    assert found == {
        Form.POINT_3D: point_in_volume(BLOCK),
        Form.BOX_3D: box_in_volume(BLOCK),
        Form.MASK: tumour,
    }


def test_a_box_in_the_volume_yields_its_centre() -> None:
    box = box_in_volume(BLOCK)

    found = in_volume(answered(box_3d=box))

    assert found == {Form.POINT_3D: Point3D(at=(1.5, 3.5, 4.0)), Form.BOX_3D: box}


def test_the_most_direct_answer_decides_in_the_volume() -> None:
    point, box = Point3D(at=(0, 0, 0)), Box3D((0, 0, 0), (2, 2, 2))

    found = in_volume(answered(point_3d=point, box_3d=box, mask=mask(BLOCK)))

    assert (found[Form.POINT_3D], found[Form.BOX_3D]) == (point, box)


def test_a_mask_gives_a_better_centre_than_a_box() -> None:
    lopsided = BLOCK | block((3, 2, 3), (4, 3, 4))

    found = in_volume(answered(box_3d=box_in_volume(lopsided), mask=mask(lopsided)))

    assert found[Form.POINT_3D] == point_in_volume(lopsided)


@given(VOLUMES, st.sampled_from(Axis))
def test_an_outline_holds_the_voxels_that_it_was_drawn_around(
    region: BoolArray, axis: Axis
) -> None:
    plane = largest_plane(region, axis)
    outline = polygon_on_plane(region, plane)
    assert outline is not None

    inside = polygon_in_volume(outline, Grid(shape=region.shape, affine=np.eye(4)))

    groups, _ = ndimage.label(plane.cut(region))
    largest = [ndimage.binary_fill_holes(groups == n + 1) for n in range(groups.max())]
    assert any(np.array_equal(plane.cut(inside), group) for group in largest)
    assert inside.sum() == plane.cut(inside).sum()


def test_an_outline_between_the_centres_of_voxels_holds_none() -> None:
    speck = Polygon(AXIAL_3, vertices=((1.2, 1.2), (1.8, 1.2), (1.5, 1.8)))

    assert not polygon_in_volume(speck, GRID).any()


def test_an_outline_may_reach_out_of_the_grid_but_its_plane_may_not() -> None:
    wide = Polygon(AXIAL_9, vertices=((-5, -5), (50, -5), (50, 50), (-5, 50)))
    flat = Grid(shape=(8, 9, 9), affine=np.eye(4))

    assert polygon_in_volume(wide, GRID).sum() == 8 * 9
    with pytest.raises(InvalidInputError, match="plane 9 lies outside"):
        polygon_in_volume(wide, flat)


@pytest.mark.parametrize(
    ("axis", "start", "stop"),
    [
        (Axis.SAGITTAL, (5, 1, 2), (6, 4, 7)),
        (Axis.CORONAL, (1, 5, 2), (4, 6, 7)),
        (Axis.AXIAL, (1, 2, 5), (4, 7, 6)),
    ],
)
def test_a_box_on_a_plane_is_one_voxel_thick_in_the_volume(
    axis: Axis, start: tuple[int, int, int], stop: tuple[int, int, int]
) -> None:
    box = Box(Plane(axis, 5), start=(1, 2), stop=(4, 7))

    assert box.in_volume == Box3D(start=start, stop=stop)


def test_a_failed_mask_fails_as_point_and_box_too() -> None:
    found = in_volume(answered(mask=FAILED))

    assert found == dict.fromkeys((Form.POINT_3D, Form.BOX_3D, Form.MASK), FAILED)


@pytest.mark.parametrize(
    ("axis", "at"),
    [
        (Axis.AXIAL, (1.0, 1.5, 3.0)),
        (Axis.CORONAL, (1.0, 3.0, 1.5)),
        (Axis.SAGITTAL, (3.0, 1.0, 1.5)),
    ],
)
def test_a_point_on_a_plane_is_a_place_in_the_volume(
    axis: Axis, at: tuple[float, float, float]
) -> None:
    found = in_volume(answered(point=Point(plane=Plane(axis=axis, index=3), at=(1.0, 1.5))))

    assert found == {Form.POINT_3D: Point3D(at=at)}


def test_a_box_on_a_plane_says_nothing_of_the_volume() -> None:
    assert in_volume(answered(box=Box(plane=AXIAL_3, start=(0, 0), stop=(1, 1)))) == {}
