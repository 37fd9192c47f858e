"""What is kept of a case: chosen by lot, small, and in its place."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation import saved_case
from gliobench.domain.evaluation.saved_case import Coarsening, SavedVolume, chosen
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region

IDS = [f"study {number}" for number in range(50)]


def grid(shape: tuple[int, int, int] = (12, 10, 8), edge_mm: float = 1.0) -> Grid:
    affine = np.diag([edge_mm, edge_mm, edge_mm, 1.0])
    affine[:3, 3] = (-90.0, 5.0, 7.0)
    return Grid(shape=shape, affine=affine)


def block(shape: tuple[int, int, int], *spans: slice) -> np.ndarray:
    voxels = np.zeros(shape, dtype=bool)
    voxels[spans] = True
    return voxels


def test_the_same_studies_are_chosen_whatever_their_order_and_repeats() -> None:
    assert chosen(IDS, 5) == chosen([*reversed(IDS), *IDS], 5)
    assert chosen(IDS, 3) == chosen(IDS, 5)[:3]
    assert chosen(IDS, 5) != IDS[:5]
    assert chosen(IDS, 0) == []


def test_a_study_is_chosen_from_a_part_of_the_cohort_if_it_is_from_the_whole() -> None:
    whole, part = set(chosen(IDS, 10)), IDS[:25]

    assert whole & set(part) <= set(chosen(part, 10))


def test_a_coarser_grid_keeps_places_in_the_world() -> None:
    head = block((12, 10, 8), slice(2, 10), slice(4, 10), slice(0, 8))

    coarse = Coarsening.of(head, grid()).grid

    assert coarse.shape == (4, 3, 4)
    assert coarse.spacing_mm == (2.0, 2.0, 2.0)
    # the first coarse voxel covers voxels 2 and 3, 4 and 5, 0 and 1
    assert coarse.to_mm((0, 0, 0)) == grid().to_mm((2.5, 4.5, 0.5))


def test_a_grid_that_is_coarse_already_is_only_cropped() -> None:
    head = block((12, 10, 8), slice(1, 11), slice(0, 10), slice(3, 5))

    coarse = Coarsening.of(head, grid(edge_mm=4.0)).grid

    assert coarse.shape == (10, 10, 2)
    assert coarse.to_mm((0, 0, 0)) == grid(edge_mm=4.0).to_mm((1, 0, 3))


def test_a_large_head_gets_coarser_voxels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_case, "MOST_VOXELS", 50)

    coarse = Coarsening.of(np.ones((12, 10, 8), dtype=bool), grid()).grid

    assert np.prod(coarse.shape) <= 60
    assert max(coarse.spacing_mm) == pytest.approx(19.2 ** (1 / 3))


def test_depths_count_the_regions_that_hold_half_a_voxel() -> None:
    coarsening = Coarsening.of(np.ones((4, 4, 4), dtype=bool), grid((4, 4, 4)))
    whole = block((4, 4, 4), slice(0, 4), slice(0, 4), slice(0, 3))
    core = block((4, 4, 4), slice(0, 1), slice(0, 2), slice(0, 2))

    depths = coarsening.depths({Region.WT: whole, Region.TC: core})

    assert depths.dtype == np.uint8
    assert depths[:, :, 0].tolist() == [[2, 1], [1, 1]]
    assert depths[:, :, 1].tolist() == [[1, 1], [1, 1]]


def test_grey_is_drawn_from_black_to_white_and_the_background_black() -> None:
    volume = np.zeros((4, 4, 4), dtype=np.float32)
    volume[:2], volume[2:, :2] = 10.0, 30.0

    grey = Coarsening.of(volume != 0, grid((4, 4, 4))).grey(volume)

    assert grey[:, :, 0].tolist() == [[0, 0], [255, 0]]


def test_nothing_to_see_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="holds no voxel"):
        Coarsening.of(np.zeros((4, 4, 4), dtype=bool), grid((4, 4, 4)))


def test_arrays_of_another_grid_or_kind_are_refused() -> None:
    grey = np.zeros((4, 4, 4), dtype=np.uint8)

    with pytest.raises(InvalidInputError, match="reference is bool"):
        SavedVolume(grid((4, 4, 4)), grey, grey.astype(bool), None)  # type: ignore[arg-type]
    with pytest.raises(InvalidInputError, match="prediction is uint8"):
        SavedVolume(grid((4, 4, 4)), grey, None, grey[:2])
