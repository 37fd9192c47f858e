from __future__ import annotations

from dataclasses import astuple
from math import log1p, sqrt

import numpy as np
import pytest

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.region_measures import FEATURES, RegionMeasures, enclosed_by

SHAPE = (16, 16, 16)
GRID_2MM = Grid(shape=SHAPE, affine=np.diag([2.0, 2.0, 2.0, 1.0]))
"""A voxel holds 0.008 ml."""


def cube(low: int, high: int) -> np.ndarray:
    voxels = np.zeros(SHAPE, dtype=bool)
    voxels[low:high, low:high, low:high] = True
    return voxels


def measured(whole: np.ndarray, core: np.ndarray, enhancing: np.ndarray) -> RegionMeasures:
    regions = {Region.WT: whole, Region.TC: core, Region.ET: enhancing}
    return RegionMeasures.of(regions, GRID_2MM)


def test_a_ring_encloses_the_necrosis_inside_it() -> None:
    core, necrosis = cube(4, 10), cube(5, 9)

    found = measured(cube(2, 12), core, core & ~necrosis)

    assert found.wt_ml == pytest.approx(8.0)  # 1000 voxels
    assert found.tc_ml == pytest.approx(1.728)  # 216
    assert found.et_ml == pytest.approx(1.216)  # 152
    assert found.rim == 1.0
    assert found.enclosed == pytest.approx(64 / 216)


def test_a_core_that_enhances_inside_only_has_no_rim() -> None:
    found = measured(cube(1, 13), cube(2, 12), cube(6, 8))

    assert (found.rim, found.enclosed) == (0.0, 0.0)


def test_a_core_may_reach_4_mm_beyond_its_rim() -> None:
    found = measured(cube(1, 13), cube(2, 12), cube(4, 10) & ~cube(6, 8))

    assert found.rim == pytest.approx(6 * 36 / 488)  # each face but for its border of two voxels


def test_a_ring_that_is_open_on_every_plane_encloses_nothing() -> None:
    shell = cube(4, 10) & ~cube(5, 9)
    gap = np.zeros_like(shell)
    gap[4:7, 4:7, :] = gap[4:7, :, 4:7] = gap[:, 4:7, 4:7] = True

    assert not enclosed_by(shell & ~gap)[7, 7, 4:10].any()


def test_a_ring_on_one_plane_encloses_what_lies_on_it() -> None:
    ring = np.zeros(SHAPE, dtype=bool)
    ring[3:8, 3:8, 5] = True
    ring[4:7, 4:7, 5] = False

    found = np.argwhere(enclosed_by(ring))

    assert len(found) == 9
    assert set(found[:, 2]) == {5}


def test_a_tumour_without_a_core_is_measured_as_zeros() -> None:
    nothing = np.zeros(SHAPE, dtype=bool)

    found = measured(cube(2, 12), nothing, nothing)

    assert found == RegionMeasures(pytest.approx(8.0), 0.0, 0.0, 0.0, 0.0)
    values = {name: feature.value(found) for name, feature in FEATURES.items()}
    assert values.pop("wt_ml") == pytest.approx(log1p(8.0))
    assert set(values.values()) == {0.0}


def test_features_are_worded_as_a_radiologist_says_them() -> None:
    found = RegionMeasures(wt_ml=60.0, tc_ml=30.0, et_ml=12.0, rim=0.85, enclosed=0.36)

    assert {name: feature.text(found) for name, feature in FEATURES.items()} == {
        "wt_ml": "WT 60.0 ml",
        "tc_ml": "TC 30.0 ml",
        "et_ml": "ET 12.0 ml",
        "et_of_wt": "ET 20 % of the tumour",
        "tc_of_wt": "core 50 % of the tumour",
        "et_of_tc": "ET 40 % of the core",
        "rim": "enhancement along 85 % of the core's surface",
        "enclosed": "36 % of the core enclosed by enhancement",
    }
    assert FEATURES["enclosed"].value(found) == sqrt(0.36)


def test_the_resolution_of_the_grid_matters_little() -> None:
    coarse = {Region.WT: cube(2, 12), Region.TC: cube(4, 10), Region.ET: cube(4, 10) & ~cube(6, 8)}
    fine_grid = Grid(shape=(32, 32, 32), affine=np.diag([1.0, 1.0, 1.0, 1.0]))
    fine = {name: voxels.repeat(2, 0).repeat(2, 1).repeat(2, 2) for name, voxels in coarse.items()}

    found = RegionMeasures.of(fine, fine_grid)

    assert astuple(found) == pytest.approx(astuple(RegionMeasures.of(coarse, GRID_2MM)))
