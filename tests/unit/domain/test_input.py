from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.fake_study_source import fake_case
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Box3D, Grid, extent
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.grader_input import (
    GraderGeometry,
    grader_crop,
    grader_volumes,
    intensity_rules,
    tumour_centre,
)
from gliobench.domain.networks.input import (
    MODALITY_ORDER,
    REGION_ORDER,
    SURE_ENOUGH,
    absent_modalities,
    brain_windows,
    localizer_volumes,
    merge_windows,
    on_grid,
    tumour_regions,
    window,
)
from gliobench.domain.networks.intensity import IntensityRule
from gliobench.domain.studies.study import Modality, Study

COARSE_MM = 2.0
COARSE = (30, 32, 34)
SPACINGS = [(1.0, 1.0, 1.0), (0.9, 1.1, 2.0), (1.0, 1.0, 5.0), (0.5, 0.6, 3.0), (2.0, 2.0, 2.0)]
NOISE = dict.fromkeys(
    (Modality.T1N, Modality.T2W),
    np.random.default_rng(1).uniform(1, 2, (12, 14, 10)).astype(np.float32),
)
PLAIN = {m: IntensityRule(low=0.0, high=1e6, mean=0.0, deviation=1.0) for m in Modality}


def grid_of(spacing_mm: tuple[float, float, float]) -> Grid:
    """Give a study's grid that the coarse voxels cover."""
    i, j, k = (int(n * COARSE_MM / edge + 1e-6) for n, edge in zip(COARSE, spacing_mm, strict=True))
    return Grid(shape=(i, j, k), affine=np.diag([*spacing_mm, 1.0]))


def probabilities(*boxes: Box3D) -> np.ndarray:
    """Draw the same boxes of certain tumour for all three regions."""
    drawn = np.zeros((3, *COARSE), dtype=np.float32)
    for box in boxes:
        cut = tuple(slice(a, b) for a, b in zip(box.start, box.stop, strict=True))
        drawn[(slice(None), *cut)] = 1.0
    return drawn


def bright_at(voxels: list[tuple[int, int, int]], shape: tuple[int, int, int]) -> Study:
    volume = np.zeros(shape, dtype=np.float32)
    for voxel in voxels:
        volume[voxel] = 1000.0
    study = fake_case(shape=shape, tumour=None).study
    return replace(study, volumes=dict.fromkeys(Modality, volume))


@st.composite
def coarse_boxes(draw: st.DrawFn) -> Box3D:
    size = [draw(st.integers(4, 12)) for _ in range(3)]
    start = [draw(st.integers(1, n - s - 1)) for n, s in zip(COARSE, size, strict=True)]
    stop = [a + s for a, s in zip(start, size, strict=True)]
    return Box3D(start=(start[0], start[1], start[2]), stop=(stop[0], stop[1], stop[2]))


def test_a_study_becomes_four_volumes_of_z_scores_in_the_order_of_the_card() -> None:
    study = fake_case(shape=(12, 14, 10)).study

    volumes = localizer_volumes(study, 2.0)

    assert volumes.shape == (4, 6, 7, 5)
    assert volumes.dtype == np.float32
    for channel, modality in enumerate(MODALITY_ORDER):
        blocks = study.volume(modality).reshape(6, 2, 7, 2, 5, 2).mean(axis=(1, 3, 5))
        expected = IntensityRule.of(blocks).apply(blocks)
        np.testing.assert_allclose(volumes[channel], expected, atol=1e-4)


def test_a_study_without_a_modality_cannot_be_brought_to_a_network() -> None:
    study = fake_case(modalities=[Modality.T1N, Modality.T1C, Modality.T2W]).study

    with pytest.raises(NotFoundError, match=r"no t2f \(flair\)"):
        localizer_volumes(study, 2.0)


def test_an_absent_modality_is_a_channel_of_zeros_and_changes_no_other() -> None:
    whole = fake_case().study
    study = fake_case(modalities=[Modality.T1C, Modality.T2F]).study

    volumes = localizer_volumes(study, 2.0, absent=absent_modalities(study, dropout=True))

    assert absent_modalities(study, dropout=True) == (Modality.T1N, Modality.T2W)
    assert not volumes[[0, 2]].any()
    of_the_whole = localizer_volumes(replace(whole, volumes=study.volumes | NOISE), 2.0)
    np.testing.assert_array_equal(volumes[[1, 3]], of_the_whole[[1, 3]])


def test_nothing_is_absent_from_a_whole_study() -> None:
    assert absent_modalities(fake_case().study, dropout=True) == ()


@pytest.mark.parametrize(
    "present", [{Modality.T1N}, {Modality.T2W}, {Modality.T1N, Modality.T2W}, set()]
)
def test_a_study_with_neither_t1c_nor_flair_is_for_no_network(present: set[Modality]) -> None:
    study = fake_case(modalities=present).study

    with pytest.raises(
        NotFoundError,
        match=r"study study-1 has no t1c \(t1ce\) and no t2f \(flair\): wanted t1c or t2f",
    ):
        absent_modalities(study, dropout=True)


def test_without_modality_dropout_a_network_needs_all_and_all_that_is_missing_is_named() -> None:
    study = fake_case(modalities=[Modality.T1C, Modality.T2F]).study

    with pytest.raises(NotFoundError, match=r"has no t1n \(t1\) and no t2w \(t2\)$"):
        absent_modalities(study, dropout=False)
    assert absent_modalities(fake_case().study, dropout=False) == ()


def test_a_network_of_t1c_alone_needs_t1c() -> None:
    study = fake_case(modalities=[Modality.T2F]).study

    with pytest.raises(NotFoundError, match=r"has no t1c \(t1ce\): wanted t1c"):
        absent_modalities(study, [Modality.T1C], dropout=True)


def test_an_empty_volume_cannot_be_brought_to_a_network() -> None:
    study = fake_case().study
    empty = {**study.volumes, Modality.T2W: np.zeros(study.grid.shape, dtype=np.float32)}

    with pytest.raises(InvalidInputError, match="zero everywhere"):
        localizer_volumes(replace(study, volumes=empty), 2.0)


def test_a_brain_that_fits_gets_one_window_about_its_middle() -> None:
    volumes = np.zeros((4, 40, 40, 40), dtype=np.float32)
    volumes[0, 10:20, 4:12, 30:36] = 1.0

    assert brain_windows(volumes, (16, 16, 16)) == [(7, 0, 25)]


def test_a_window_may_reach_beyond_the_volume_and_is_zero_there() -> None:
    volumes = np.ones((2, 4, 4, 4), dtype=np.float32)

    cut = window(volumes, (-1, 2, 0), (3, 4, 4))

    assert cut.shape == (2, 3, 4, 4)
    assert cut[:, 1:, :2].all()
    assert cut.sum() == cut[:, 1:, :2].sum()


@given(
    low=st.tuples(*[st.integers(0, 10)] * 3),
    size=st.tuples(*[st.integers(1, 40)] * 3),
    shape=st.tuples(*[st.integers(8, 24)] * 3),
)
@settings(max_examples=50)
def test_windows_hold_every_voxel_of_brains_of_any_size(
    low: tuple[int, int, int], size: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    volumes = np.zeros((1, 52, 52, 52), dtype=np.float32)
    brain = tuple(slice(a, a + n) for a, n in zip(low, size, strict=True))
    volumes[(0, *brain)] = 1.0

    starts = brain_windows(volumes, shape)

    merged = merge_windows([(s, window(volumes, s, shape)) for s in starts], volumes.shape[1:])
    np.testing.assert_array_equal(merged, volumes)


def test_windows_of_a_volume_are_merged_into_the_volume() -> None:
    volumes = np.random.default_rng(0).normal(size=(3, 20, 33, 17)).astype(np.float32)
    starts = brain_windows(volumes, (16, 16, 16))

    merged = merge_windows([(s, window(volumes, s, (16, 16, 16))) for s in starts], (20, 33, 17))

    assert len(starts) > 1
    np.testing.assert_allclose(merged, volumes, rtol=1e-6)


def test_where_windows_overlap_their_mean_counts() -> None:
    ones = np.ones((1, 2, 1, 1), dtype=np.float32)

    merged = merge_windows([((0, 0, 0), ones), ((1, 0, 0), 3 * ones)], (4, 1, 1))

    assert merged[0, :, 0, 0].tolist() == [1.0, 2.0, 3.0, 0.0]


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@given(box=coarse_boxes())
@settings(max_examples=25)
def test_a_box_of_coarse_voxels_comes_back_within_half_a_voxel(
    spacing_mm: tuple[float, float, float], box: Box3D
) -> None:
    grid = grid_of(spacing_mm)

    regions = tumour_regions(probabilities(box), spacing_mm=COARSE_MM, grid=grid)

    assert regions is not None
    for axis, found in enumerate(extent(regions[Region.WT])):
        edge = spacing_mm[axis]
        within_mm = (COARSE_MM + edge) / 2 + 1e-6
        assert abs(found.start * edge - box.start[axis] * COARSE_MM) <= within_mm
        assert abs(found.stop * edge - box.stop[axis] * COARSE_MM) <= within_mm


def test_on_the_study_s_own_voxels_a_tumour_comes_back_as_it_is() -> None:
    box = Box3D(start=(5, 6, 7), stop=(12, 11, 13))

    regions = tumour_regions(probabilities(box), spacing_mm=2.0, grid=grid_of((2.0, 2.0, 2.0)))

    assert regions is not None
    np.testing.assert_array_equal(regions[Region.WT], probabilities(box)[0] > 0.5)


@given(seed=st.integers(0, 50), spacing_mm=st.sampled_from(SPACINGS))
@settings(max_examples=20)
def test_regions_are_nested_whatever_the_network_says(
    seed: int, spacing_mm: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(seed)
    said = rng.random((3, *COARSE), dtype=np.float32)
    said[0, 8:20, 8:20, 8:20] = 0.9

    regions = tumour_regions(said, spacing_mm=COARSE_MM, grid=grid_of(spacing_mm))

    assert regions is not None
    assert list(regions) == list(REGION_ORDER)
    assert not (regions[Region.TC] & ~regions[Region.WT]).any()
    assert not (regions[Region.ET] & ~regions[Region.TC]).any()


@pytest.mark.parametrize(("more_mm3", "kept"), [(-1.0, True), (1.0, False)])
def test_a_small_enhancing_tumour_is_taken_for_none_and_its_core_stays(
    more_mm3: float, kept: bool
) -> None:
    said = probabilities(Box3D(start=(4, 4, 4), stop=(10, 10, 10)))
    grid = grid_of((2.0, 2.0, 2.0))
    plain = tumour_regions(said, spacing_mm=COARSE_MM, grid=grid)
    assert plain is not None

    regions = tumour_regions(
        said,
        spacing_mm=COARSE_MM,
        grid=grid,
        smallest_enhancing_mm3=8.0 * plain[Region.ET].sum() + more_mm3,
    )

    assert regions is not None
    assert regions[Region.ET].any() == kept
    np.testing.assert_array_equal(regions[Region.TC], plain[Region.TC])


@pytest.mark.parametrize(
    ("far", "kept"),
    [
        (Box3D(start=(24, 24, 26), stop=(26, 26, 28)), False),  # 64 mm³, below 200
        (Box3D(start=(20, 20, 22), stop=(28, 28, 28)), False),  # 3072 mm³, below half of 8000
        (Box3D(start=(19, 19, 21), stop=(28, 28, 28)), True),  # 4536 mm³
    ],
    ids=["speck", "below-half", "second-lesion"],
)
def test_far_parts_are_kept_where_they_are_large_enough(far: Box3D, kept: bool) -> None:
    main = Box3D(start=(3, 3, 3), stop=(13, 13, 13))
    grid = grid_of((1.0, 1.0, 1.0))

    regions = tumour_regions(probabilities(main, far), spacing_mm=COARSE_MM, grid=grid)

    assert regions is not None
    middle = tuple((a + b) for a, b in zip(far.start, far.stop, strict=True))
    assert regions[Region.WT][middle] == kept
    assert regions[Region.WT][16, 16, 16]


@pytest.mark.parametrize(
    "said",
    [
        probabilities(),
        probabilities(Box3D(start=(5, 5, 5), stop=(7, 7, 8))),
        np.full((3, *COARSE), SURE_ENOUGH, dtype=np.float32),
    ],
    ids=["nothing", "a-speck-of-96-mm3", "undecided"],
)
def test_nothing_is_found_where_there_is_no_tumour(said: np.ndarray) -> None:
    assert tumour_regions(said, spacing_mm=COARSE_MM, grid=grid_of((1.0, 1.0, 1.0))) is None


@pytest.mark.parametrize(("said", "found"), [(0.19, False), (0.21, True)])
def test_a_voxel_is_tumour_from_the_probability_on_that_cross_validation_chose(
    said: float, found: bool
) -> None:
    likely = said * probabilities(Box3D(start=(5, 5, 5), stop=(15, 15, 15)))

    regions = tumour_regions(likely, spacing_mm=COARSE_MM, grid=grid_of((2.0, 2.0, 2.0)))

    assert (regions is not None) == found


def test_the_centre_is_the_middle_of_the_tumour_s_box() -> None:
    mask = np.zeros((10, 10, 10), dtype=bool)
    mask[2:5, 3:7, 4] = True
    mask[2, 3, 4:9] = True

    assert tumour_centre(mask) == (3.0, 4.5, 6.0)


@pytest.mark.parametrize("spacing_mm", [1.0, 0.7, 1.9])
def test_a_bright_voxel_at_the_centre_comes_out_in_the_middle_of_the_crop(
    spacing_mm: float,
) -> None:
    study = bright_at([(9, 14, 6)], (20, 24, 14))
    geometry = GraderGeometry(spacing_mm=(spacing_mm,) * 3, shape=(5, 5, 5))

    crop = grader_volumes(study, centre=(9.0, 14.0, 6.0), geometry=geometry, rules=PLAIN)

    assert crop.shape == (4, 5, 5, 5)
    assert np.unravel_index(crop[2].argmax(), (5, 5, 5)) == (2, 2, 2)
    assert crop[2, 2, 2, 2] == pytest.approx(1000.0)


def test_a_centre_between_two_voxels_comes_out_between_the_middle_two() -> None:
    study = bright_at([(9, 14, 6), (10, 14, 6), (9, 15, 6), (10, 15, 6)], (20, 24, 14))
    geometry = GraderGeometry(spacing_mm=(1.0, 1.0, 1.0), shape=(4, 4, 3))

    crop = grader_volumes(study, centre=(9.5, 14.5, 6.0), geometry=geometry, rules=PLAIN)

    expected = np.zeros((4, 4, 3))
    expected[1:3, 1:3, 1] = 1000.0
    np.testing.assert_allclose(crop[0], expected, atol=1e-3)


def test_a_crop_is_zero_outside_the_study() -> None:
    study = fake_case(tumour=None).study
    geometry = GraderGeometry(spacing_mm=(1.0, 1.0, 1.0), shape=(8, 8, 8))

    crop = grader_volumes(
        study, centre=(-0.5, 7.5, 5.5), geometry=geometry, rules=intensity_rules(study)
    )

    assert not crop[:, :5].any()  # beyond the study, and its border of air
    assert crop[:, 5:].any()


def test_an_absent_modality_is_zero_in_a_crop() -> None:
    study = fake_case(modalities=[Modality.T1C, Modality.T2F]).study
    geometry = GraderGeometry(spacing_mm=(1.0, 1.0, 1.0), shape=(6, 6, 6))

    crop = grader_volumes(
        study,
        centre=(5.0, 6.0, 4.0),
        geometry=geometry,
        rules=intensity_rules(study, absent=absent_modalities(study, dropout=True)),
    )

    assert crop.shape == (4, 6, 6, 6)
    assert [bool(channel.any()) for channel in crop] == [False, True, False, True]


def test_masks_are_cut_as_volumes_are() -> None:
    study = bright_at([(9, 14, 6), (9, 14, 7), (10, 14, 7)], (20, 24, 14))
    geometry = GraderGeometry(shape=(6, 6, 6))
    centre = (8.2, 13.0, 6.6)

    mask = grader_crop(
        study.volume(Modality.T1C) > 0, grid=study.grid, centre=centre, geometry=geometry
    )

    volumes = grader_volumes(study, centre=centre, geometry=geometry, rules=PLAIN)
    np.testing.assert_allclose(mask * 1000, volumes[1], rtol=1e-5)


def test_each_modality_is_measured_by_itself() -> None:
    study = fake_case().study
    brighter = {**study.volumes, Modality.T2W: study.volume(Modality.T2W) * 10}

    rules = intensity_rules(replace(study, volumes=brighter))

    before = intensity_rules(study)
    assert rules[Modality.T2W].mean == pytest.approx(10 * before[Modality.T2W].mean)
    assert rules[Modality.T1N] == before[Modality.T1N]


def test_probabilities_on_a_finer_grid_are_interpolated_and_stay_in_their_range() -> None:
    coarse = np.zeros((1, 4, 4, 4), dtype=np.float32)
    coarse[0, 1] = 0.8  # a slab between 2 and 4 mm

    fine = on_grid(coarse, spacing_mm=2.0, grid=Grid((8, 8, 8), np.eye(4)))

    # voxel centres at 0.5, 1.5, … mm; those of the coarse grid at 1, 3, … mm
    assert fine[0, :, 4, 4].tolist() == pytest.approx([0.0, 0.2, 0.6, 0.6, 0.2, 0.0, 0.0, 0.0])
    assert fine.shape == (1, 8, 8, 8)
