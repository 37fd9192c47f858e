from __future__ import annotations

import numpy as np
import pytest

from fakes.fake_slice import fake_slice
from fakes.fake_study_source import fake_case
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.input import brain_windows, localizer_volumes
from gliobench.domain.networks.slice_input import (
    SLICE_MODALITIES,
    SURE_ENOUGH,
    SliceGeometry,
    is_slice,
    thick_as,
    tumour_on_slice,
)
from gliobench.domain.studies.study import Modality


def grid_of(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float]) -> Grid:
    return Grid(shape=shape, affine=np.diag([*spacing_mm, 1.0]))


def found(probabilities: np.ndarray, grid: Grid | None = None) -> np.ndarray:
    grid = grid or grid_of((20, 20, 1), (1.5, 1.5, 1.0))
    regions = tumour_on_slice(
        probabilities[None, :, :, None].astype(np.float32),
        spacing_mm=thick_as(grid, (1.5, 1.5, 1.0)),
        grid=grid,
    )
    assert regions is not None
    assert list(regions) == [Region.WT]
    return regions[Region.WT][:, :, 0]


def test_a_study_of_one_axial_plane_is_a_slice() -> None:
    assert is_slice(fake_slice().study.grid)
    assert not is_slice(fake_case().study.grid)


def test_a_plane_keeps_its_thickness_whatever_the_networks_pixels_are() -> None:
    assert thick_as(grid_of((4, 5, 1), (1.0, 1.0, 6.5)), (1.5, 1.5, 1.0)) == (1.5, 1.5, 6.5)


@pytest.mark.parametrize("thickness_mm", [0.3, 1.0, 6.5])
def test_a_slice_becomes_one_plane_of_its_one_modality(thickness_mm: float) -> None:
    study = fake_slice(
        shape=(30, 24, 10), spacing_mm=(1.0, 1.0, thickness_mm), modalities=[Modality.T1C]
    ).study

    volumes = localizer_volumes(
        study, thick_as(study.grid, SliceGeometry().spacing_mm), SLICE_MODALITIES
    )

    assert volumes.shape == (1, 20, 16, 1)


def test_the_largest_brain_on_record_fits_into_one_window() -> None:
    """144 x 173 pixels of 1.0714 mm, of the slices that the networks learned from."""
    pixels = np.zeros((1, 150, 150, 1), dtype=np.float32)
    pixels[:, 5 : 5 + 103, 8 : 8 + 124] = 1

    assert len(brain_windows(pixels, SliceGeometry().shape)) == 1


def test_a_pixel_that_is_sure_enough_is_tumour() -> None:
    probabilities = np.full((20, 20), 0.05)
    probabilities[4:9, 6:12] = SURE_ENOUGH + 0.01
    probabilities[14:17, 3:5] = SURE_ENOUGH - 0.01
    probabilities[6, 8] = 0.9

    expected = np.zeros((20, 20), dtype=bool)
    expected[4:9, 6:12] = True
    np.testing.assert_array_equal(found(probabilities), expected)


def test_where_nothing_is_sure_the_likeliest_place_is_the_answer() -> None:
    probabilities = np.full((20, 20), 0.01)
    probabilities[10:12, 10:13] = 0.12

    expected = np.zeros((20, 20), dtype=bool)
    expected[10:12, 10:13] = True
    np.testing.assert_array_equal(found(probabilities), expected)


def test_where_every_probability_is_zero_there_is_no_answer() -> None:
    grid = grid_of((20, 20, 1), (1.5, 1.5, 1.0))

    regions = tumour_on_slice(
        np.zeros((1, 20, 20, 1), dtype=np.float32), spacing_mm=(1.5, 1.5, 1.0), grid=grid
    )

    assert regions is None


def test_the_answer_lies_on_the_studys_own_pixels() -> None:
    probabilities = np.zeros((20, 20))
    probabilities[4:10, 6:10] = 0.95

    whole = found(probabilities, grid_of((30, 60, 1), (1.0, 0.5, 3.0)))

    i, j = np.nonzero(whole)
    assert whole.shape == (30, 60)
    assert abs((i.max() + 1 - i.min()) * 1.0 - 9.0) <= 1.0
    assert abs((j.max() + 1 - j.min()) * 0.5 - 6.0) <= 1.0
