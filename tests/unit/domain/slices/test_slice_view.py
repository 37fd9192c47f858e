from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Axis, Box, Grid, Plane, Point, Polygon, extent
from gliobench.domain.geometry.orientation import canonical, reorient, reorient_voxel
from gliobench.domain.slices.pictures import render, render_all
from gliobench.domain.slices.view import Composition, SliceView, brain_middle, evenly_spaced
from gliobench.domain.studies.study import Modality

T1N, T1C, T2W, T2F = Modality
AXIAL_0 = Plane(Axis.AXIAL, 0)
RNG = np.random.default_rng(7)


def grid(shape: tuple[int, int, int], spacing: tuple[float, ...] = (1, 1, 1)) -> Grid:
    return Grid(shape, np.diag([*spacing, 1.0]))


def dot(shape: tuple[int, ...], at: tuple[int, ...]) -> NDArray[np.float32]:
    volume = np.zeros(shape, np.float32)
    volume[at] = 1.0
    return volume


def drawn(volume: NDArray[Any], view: SliceView) -> NDArray[np.uint8]:
    return render({T1C: volume}, view, Composition.ONE, [T1C])[..., 0]


def place_of_light(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """Find the centre of what is bright, in fractions of the picture."""
    light = picture.astype(float)
    along = (np.arange(len(picture)) + 0.5) / len(picture)
    x, y = (light.sum(axis=axis) @ along / light.sum() for axis in (0, 1))
    return float(x), float(y)


@st.composite
def grids(draw: st.DrawFn) -> Grid:
    """Any orientation, spacing and slight obliqueness, as a scanner may write it."""
    shape = draw(st.tuples(*[st.integers(1, 20)] * 3))
    spacing = draw(st.tuples(*[st.floats(0.5, 4)] * 3))
    order = draw(st.sampled_from(list(permutations(range(3)))))
    signs = draw(st.tuples(*[st.sampled_from([-1.0, 1.0])] * 3))
    angle = draw(st.floats(-0.4, 0.4))
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    affine = np.eye(4)
    affine[:3, :3] = turn @ (np.eye(3)[list(order)] * np.multiply(signs, spacing))
    affine[:3, 3] = draw(st.tuples(*[st.floats(-200, 200)] * 3))
    return Grid(shape, affine)


@st.composite
def views(draw: st.DrawFn, on: Grid | None = None, within: Plane | None = None) -> SliceView:
    """Any view: cropped or not, padded, moved and mirrored, of any size."""
    lattice = on or draw(grids())
    axis = draw(st.sampled_from(Axis))
    plane = within or Plane(axis, draw(st.integers(0, lattice.shape[axis] - 1)))
    spans = []
    for length in (lattice.shape[a] for a in plane.in_plane_axes):
        start = draw(st.integers(0, length - 1))
        spans.append(slice(start, draw(st.integers(start + 1, length))))
    crop = draw(st.sampled_from([None, tuple(spans)]))
    view = SliceView.of(lattice, plane, draw(st.integers(1, 96)), crop=crop)
    by = draw(st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)))
    return view.moved(by, mirrored=draw(st.booleans()))


@given(data=st.data(), native=grids(), size_px=st.integers(8, 96))
def test_a_dot_that_is_found_in_the_picture_is_the_dot_in_the_study(
    data: st.DataObject, native: Grid, size_px: int
) -> None:
    at = data.draw(st.tuples(*[st.integers(0, length - 1) for length in native.shape]))
    study = canonical(native)
    i, j, k = (round(n) for n in reorient_voxel(at, source=native, target=study))
    plane = data.draw(st.sampled_from([Plane(a, (i, j, k)[a]) for a in Axis]))
    first, second = ((i, j, k)[axis] for axis in plane.in_plane_axes)
    view = data.draw(views(on=study, within=plane))
    x, y = view.to_picture((first, second))
    assume(all(0.5 / n < v < 1 - 0.5 / n for n, v in zip(view.field_vox, (x, y), strict=True)))

    picture = drawn(reorient(dot(native.shape, at), source=native, target=study), view)

    assume(picture.any())  # many voxels to a pixel make it too dark to see
    found = view.point_from_picture(place_of_light(picture))
    for one, other, field in zip(found.at, (first, second), view.field_vox, strict=True):
        assert abs(one - other) <= 0.5 * max(1, field / view.size_px) + 1e-6


@pytest.mark.parametrize(
    ("axis", "top_left"),
    [
        (Axis.AXIAL, "right and front"),
        (Axis.CORONAL, "right and head"),
        (Axis.SAGITTAL, "front and head"),
    ],
)
def test_pictures_are_radiological_and_upright(axis: Axis, top_left: str) -> None:
    size = 8
    towards = {"right": 0, "front": 1, "head": 2}
    at = [0, 0, 0]
    for side in top_left.split(" and "):
        at[towards[side]] = size - 1
    volume = dot((size, size, size), tuple(at))

    picture = drawn(volume, SliceView.of(grid(volume.shape), Plane(axis, at[axis]), size))

    assert np.argwhere(picture).tolist() == [[0, 0]]


@given(view=views(), at=st.tuples(st.floats(-50, 300), st.floats(-50, 300)))
def test_a_point_comes_back_from_the_picture(view: SliceView, at: tuple[float, float]) -> None:
    point = Point(view.plane, at)

    assert view.point_from_picture(view.point_to_picture(point)).at == pytest.approx(at, abs=1e-6)


@given(view=views(), data=st.data())
def test_a_box_comes_back_from_the_picture_voxel_for_voxel(
    view: SliceView, data: st.DataObject
) -> None:
    start = data.draw(st.tuples(*[st.integers(0, n - 1) for n in view.shape]))
    stop = data.draw(
        st.tuples(*[st.integers(s + 1, n) for s, n in zip(start, view.shape, strict=True)])
    )
    box = Box(view.plane, start, stop)

    x0, y0, x1, y1 = view.box_to_picture(box)

    assert x0 < x1
    assert y0 < y1
    assert view.box_from_picture((x0, y0, x1, y1)) == box


@given(view=views(), ends=st.tuples(*[st.floats(-1, 2)] * 4))
def test_any_box_in_the_picture_is_one_of_voxels_on_the_plane(
    view: SliceView, ends: tuple[float, float, float, float]
) -> None:
    box = view.box_from_picture(ends)

    assert all(0 <= a < b <= n for a, b, n in zip(box.start, box.stop, view.shape, strict=True))


def test_a_box_within_one_voxel_is_that_voxel() -> None:
    view = SliceView.of(grid((10, 10, 1)), AXIAL_0, 100)

    assert view.box_from_picture((0.31, 0.52, 0.32, 0.53)) == Box(AXIAL_0, (6, 4), (7, 5))


@given(view=views())
def test_a_polygon_comes_back_from_the_picture(view: SliceView) -> None:
    polygon = Polygon(view.plane, ((0.0, 0.5), (3.25, 1.0), (2.0, 7.75)))

    back = view.polygon_from_picture(view.polygon_to_picture(polygon))

    assert np.array(back.vertices) == pytest.approx(np.array(polygon.vertices), abs=1e-6)


def test_a_plane_is_drawn_in_millimetres_and_padded_evenly() -> None:
    view = SliceView.of(grid((10, 40, 1), (2.0, 1.0, 1.0)), AXIAL_0, 80)

    picture = drawn(np.ones((10, 40, 1), np.float32), view)

    # 20 mm by 40 mm: half the width, all of the height
    assert [int(n) for n in np.flatnonzero(picture[40] > 127)[[0, -1]]] == [20, 59]
    assert (picture[:, 40] > 127).all()
    assert view.box_to_picture(Box(AXIAL_0, (0, 0), (10, 40))) == (0.25, 0.0, 0.75, 1.0)


def test_a_crop_fills_the_picture_and_leaves_what_lies_beside_it_in_sight() -> None:
    volume = np.ones((30, 30, 1), np.float32)
    crop = (slice(10, 15), slice(20, 30))

    view = SliceView.of(grid(volume.shape), AXIAL_0, 50, crop=crop)

    assert view.box_to_picture(Box(AXIAL_0, (10, 20), (15, 30))) == (0.25, 0.0, 0.75, 1.0)
    assert drawn(volume, view)[5:].min() == 255


def test_a_moved_view_moves_the_picture() -> None:
    volume = RNG.random((24, 24, 1)).astype(np.float32)
    view = SliceView.of(grid(volume.shape), AXIAL_0, 48)

    still, moved = (drawn(volume, one).astype(int) for one in (view, view.moved((0.125, -0.25))))

    assert np.abs(moved[2:34, 8:46] - still[14:46, 2:40]).max() <= 1


def test_a_mirrored_view_mirrors_the_picture_and_then_moves_it() -> None:
    volume = RNG.random((24, 24, 1)).astype(np.float32)
    view = SliceView.of(grid(volume.shape), AXIAL_0, 48)

    still = drawn(volume, view).astype(int)
    mirrored = drawn(volume, view.moved(mirrored=True)).astype(int)
    both = drawn(volume, view.moved((0.125, 0.0), mirrored=True)).astype(int)

    assert np.abs(mirrored - still[:, ::-1]).max() <= 1
    assert np.abs(both[2:46, 8:46] - mirrored[2:46, 2:40]).max() <= 1
    assert view.moved(mirrored=True).moved(mirrored=True) == view


def test_a_spike_leaves_the_rest_of_the_picture_alone() -> None:
    volume = RNG.uniform(100, 8000, (20, 20, 5)).astype(np.float32)
    spiked = volume.copy()
    spiked[3, 3, 2] = 32767
    view = SliceView.of(grid(volume.shape), Plane(Axis.AXIAL, 0), 20)

    change = drawn(spiked, view).astype(int) - drawn(volume, view)

    assert np.abs(change).max() <= 2


def test_the_background_is_black_though_the_brain_is_darker() -> None:
    scores = RNG.normal(size=(20, 20, 1)).astype(np.float32)
    scores[:, :5] = 0

    picture = drawn(scores, SliceView.of(grid(scores.shape), AXIAL_0, 20))

    assert not picture[15:].any()
    assert picture[:15].max() == 255


def test_the_window_is_the_volumes_not_the_slices() -> None:
    volume = np.ones((4, 4, 2), np.float32) * [1.0, 100.0]
    views = [SliceView.of(grid(volume.shape), Plane(Axis.AXIAL, k), 4) for k in (0, 1)]

    (dark,), (bright,) = render_all({T1C: volume}, views, Composition.ONE, [T1C])

    assert (dark.max(), bright.min()) == (0, 255)


def test_stripes_too_fine_for_the_picture_become_grey() -> None:
    volume = np.ones((120, 120, 1), np.float32)
    volume[::2] = 3.0

    picture = drawn(volume, SliceView.of(grid(volume.shape), AXIAL_0, 30))

    assert np.abs(picture[1:-1, 1:-1].astype(int) - 127).max() <= 1


@pytest.mark.parametrize("size_px", [13, 60, 97])
def test_pixels_are_those_of_pillows_bilinear_filter(size_px: int) -> None:
    volume = RNG.uniform(1, 2, (60, 60, 1)).astype(np.float32)
    low, high = np.percentile(volume, (0.5, 99.5))
    grey = np.clip((volume[::-1, ::-1, 0].T - low) / (high - low), 0, 1) * 255
    theirs = Image.fromarray(grey).resize((size_px, size_px), Image.Resampling.BILINEAR)

    ours = drawn(volume, SliceView.of(grid(volume.shape), AXIAL_0, size_px))

    edge = 3  # Pillow repeats the last pixel beyond the edge; ours is black there
    inside = (slice(edge, -edge), slice(edge, -edge))
    assert np.abs(ours[inside] - np.asarray(theirs)[inside]).max() <= 0.51


def test_one_modality_is_grey_three_are_colours_four_are_panels_or_pictures() -> None:
    volumes = {m: dot((4, 4, 1), (3, 3 - n, 0)) for n, m in enumerate(Modality)}
    view = SliceView.of(grid((4, 4, 1)), AXIAL_0, 8)

    grey = render(volumes, view, Composition.ONE, [T2W])
    colours = render(volumes, view, Composition.RGB, [T2W, T1N, T2F])
    panels = render(volumes, view, Composition.MONTAGE, [T1N, T1C, T2W, T2F])
    (apart,) = render_all(volumes, [view], Composition.SEPARATE, [T1N, T1C, T2W, T2F])

    assert np.ptp(grey, axis=-1).max() == 0
    assert int(grey[..., 0].sum(axis=1).argmax()) // 2 == 2
    tops = [int(colours[..., c].sum(axis=1).argmax()) // 2 for c in range(3)]
    assert tops == [2, 0, 3]
    lit = {(int(r), int(c)) for r, c in np.argwhere(panels[..., 0] == 255)}
    assert lit == {(0, 0), (1, 4), (6, 0), (7, 4)}
    alone = [render(volumes, view, Composition.ONE, [m]) for m in (T1N, T1C, T2W, T2F)]
    assert [picture.tobytes() for picture in apart] == [picture.tobytes() for picture in alone]


def test_all_views_at_once_are_drawn_as_one_by_one() -> None:
    volume = RNG.random((9, 11, 6)).astype(np.float32)
    each = [SliceView.of(grid(volume.shape), Plane(Axis.AXIAL, k), 16) for k in range(6)]

    together = render_all({T1C: volume}, each, Composition.ONE, [T1C])

    for (picture,), view in zip(together, each, strict=True):
        assert picture.tobytes() == render({T1C: volume}, view, Composition.ONE, [T1C]).tobytes()
        assert picture.shape == (16, 16, 3)
        assert picture.dtype == np.uint8


def test_the_order_of_memory_changes_no_byte() -> None:
    volume = RNG.random((9, 11, 6)).astype(np.float32)
    view = SliceView.of(grid(volume.shape), Plane(Axis.CORONAL, 4), 32)

    pictures = {
        drawn(one, view).tobytes()
        for one in (volume, np.asfortranarray(volume), volume[::-1].copy()[::-1])
    }

    assert len(pictures) == 1


@pytest.mark.parametrize(
    ("composition", "modalities", "message"),
    [
        (Composition.ONE, [T1C, T1N], "one of 2 modalities: wanted 1"),
        (Composition.RGB, [T1C], "rgb of 1 modalities: wanted 3"),
        (Composition.MONTAGE, [T1C, T1N], "montage of 2 modalities: wanted 4"),
        (Composition.MONTAGE, [T1C] * 4, "montage of 7 pixels: wanted an even number"),
    ],
)
def test_a_composition_that_cannot_be_made_is_refused(
    composition: Composition, modalities: list[Modality], message: str
) -> None:
    volumes = {m: np.ones((4, 4, 1), np.float32) for m in (T1C, T1N)}
    view = SliceView.of(grid((4, 4, 1)), AXIAL_0, 7)

    with pytest.raises(InvalidInputError, match=message):
        render(volumes, view, composition, modalities)


def test_a_study_that_cannot_be_drawn_is_refused() -> None:
    view = SliceView.of(grid((4, 4, 1)), AXIAL_0, 8)

    with pytest.raises(NotFoundError, match=r"no t2w \(t2\)"):
        render({}, view, Composition.ONE, [T2W])
    with pytest.raises(InvalidInputError, match="zero everywhere"):
        drawn(np.zeros((4, 4, 1)), view)
    with pytest.raises(InvalidInputError, match="wanted numbers"):
        drawn(np.full((4, 4, 1), np.nan), view)
    with pytest.raises(InvalidInputError, match=r"plane of \(5, 4\) voxels"):
        drawn(np.ones((5, 4, 1)), view)


def test_a_view_that_shows_nothing_of_the_grid_is_refused() -> None:
    lattice = grid((4, 5, 6))

    with pytest.raises(InvalidInputError, match="outside a grid"):
        SliceView.of(lattice, Plane(Axis.AXIAL, 6), 8)
    with pytest.raises(InvalidInputError, match="0 pixels"):
        SliceView.of(lattice, AXIAL_0, 0)
    for crop in [(slice(0, 5), slice(0, 5)), (slice(2, 2), slice(0, 5))]:
        with pytest.raises(InvalidInputError, match="crop of"):
            SliceView.of(lattice, AXIAL_0, 8, crop=crop)
    with pytest.raises(InvalidInputError, match="field of"):
        SliceView(AXIAL_0, (4, 5), 8, middle=(0, 0), field_vox=(0, 1))


def test_coordinates_of_a_montage_refer_to_one_panel() -> None:
    assert Composition.MONTAGE.panel_px(336) == 168
    assert Composition.RGB.panel_px(336) == 336


def test_the_middle_of_the_brain_is_the_plane_with_most_of_it() -> None:
    volume = np.zeros((4, 4, 6), np.float32)
    volume[1:3, 1:3, 2] = -1.0
    volume[1:4, 1:3, 4] = 0.1

    assert brain_middle(volume) == Plane(Axis.AXIAL, 4)


@pytest.mark.parametrize(
    ("count", "indices"), [(1, [15]), (2, [12, 17]), (3, [11, 15, 18]), (10, [*range(10, 20)])]
)
def test_slices_are_spaced_evenly_through_the_brain(count: int, indices: list[int]) -> None:
    volume = np.zeros((2, 2, 40), np.float32)
    volume[0, 1, 10:20] = 1.0

    assert [plane.index for plane in evenly_spaced(volume, count)] == indices


def test_a_brain_of_fewer_planes_than_asked_for_gives_them_all_once() -> None:
    assert evenly_spaced(np.ones((2, 2, 1)), 5) == (AXIAL_0,)
    with pytest.raises(InvalidInputError, match="0 slices"):
        evenly_spaced(np.ones((2, 2, 1)), 0)


def test_a_crop_to_the_brain_is_given_by_its_extent() -> None:
    volume = dot((20, 20, 3), (4, 5, 1)) + dot((20, 20, 3), (9, 8, 1))
    plane = Plane(Axis.AXIAL, 1)

    view = SliceView.of(grid(volume.shape), plane, 6, crop=extent(plane.cut(volume) != 0))

    assert view.field_vox == (6.0, 6.0)
    assert np.argwhere(drawn(volume, view) == 255).tolist() == [[1, 0], [4, 5]]
