"""Measurements of a tumour's regions: all that a region grader reads of a study."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from gliobench.domain.geometry.grids import BoolArray, Grid, extent
from gliobench.domain.geometry.neighbours import squared_distances, surface
from gliobench.domain.geometry.parts import filled
from gliobench.domain.labels.regions import Region

RIM_MM = 4.0
"""Two voxels of a localizer of 2 mm, whose cores reach a little beyond the rim that the experts draw."""


@dataclass(frozen=True, slots=True)
class RegionMeasures:
    """Volumes of the regions, and how far enhancement surrounds the core.

    Args:
        wt_ml: Volume of the whole tumour.
        tc_ml: Volume of its core.
        et_ml: Volume of the enhancing part.
        rim: Share of the core's surface voxels within `RIM_MM` of enhancement, in [0, 1]; 0 without a
            core.
        enclosed: Share of the core that does not enhance and that enhancement encloses on a plane
            of any axis, in [0, 1]; 0 without a core.
    """

    wt_ml: float
    tc_ml: float
    et_ml: float
    rim: float
    enclosed: float

    @classmethod
    def of(cls, regions: Mapping[Region, BoolArray], grid: Grid) -> RegionMeasures:
        """Measure regions.

        Args:
            regions: (I, J, K) bool; WT with at least one voxel, and TC and ET.
            grid: Theirs; millimetres come from it, so its resolution matters little.
        """
        block = extent(regions[Region.WT])
        whole, core, enhancing = (
            regions[item][block] for item in (Region.WT, Region.TC, Region.ET)
        )
        ml = grid.voxel_volume_mm3 / 1000
        inside = enclosed_by(enhancing) & core
        return cls(
            wt_ml=float(whole.sum() * ml),
            tc_ml=float(core.sum() * ml),
            et_ml=float(enhancing.sum() * ml),
            rim=_rim(core, enhancing, grid),
            enclosed=_share(inside.sum(), core.sum()),
        )


def enclosed_by(ring: BoolArray) -> BoolArray:
    """Return the voxels outside a region that it encloses on a plane of any axis.

    Args:
        ring: (I, J, K) bool.
    """
    enclosed = np.zeros_like(ring)
    for axis in range(ring.ndim):
        enclosed |= np.moveaxis(filled(np.moveaxis(ring, axis, 0)), 0, axis)
    return np.asarray(enclosed & ~ring)


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of a region grader.

    Args:
        value: As a number that a linear model can use; finite for every tumour.
        text: As a reader sees it, with its unit.
    """

    value: Callable[[RegionMeasures], float]
    text: Callable[[RegionMeasures], str]


FEATURES: Mapping[str, Feature] = {
    "wt_ml": Feature(lambda m: math.log1p(m.wt_ml), lambda m: f"WT {m.wt_ml:.1f} ml"),
    "tc_ml": Feature(lambda m: math.log1p(m.tc_ml), lambda m: f"TC {m.tc_ml:.1f} ml"),
    "et_ml": Feature(lambda m: math.log1p(m.et_ml), lambda m: f"ET {m.et_ml:.1f} ml"),
    "et_of_wt": Feature(
        lambda m: _share(m.et_ml, m.wt_ml),
        lambda m: f"ET {_percent(m.et_ml, m.wt_ml)} of the tumour",
    ),
    "tc_of_wt": Feature(
        lambda m: _share(m.tc_ml, m.wt_ml),
        lambda m: f"core {_percent(m.tc_ml, m.wt_ml)} of the tumour",
    ),
    "et_of_tc": Feature(
        lambda m: _share(m.et_ml, m.tc_ml), lambda m: f"ET {_percent(m.et_ml, m.tc_ml)} of the core"
    ),
    "rim": Feature(
        lambda m: m.rim, lambda m: f"enhancement along {_percent(m.rim, 1)} of the core's surface"
    ),
    "enclosed": Feature(
        lambda m: math.sqrt(m.enclosed),
        lambda m: f"{_percent(m.enclosed, 1)} of the core enclosed by enhancement",
    ),
}
"""By key, one row a feature; all that a `grader.json` may name."""


def _rim(core: BoolArray, enhancing: BoolArray, grid: Grid) -> float:
    if not enhancing.any():
        return 0.0
    rind = surface(core)
    apart = squared_distances(enhancing, edges_mm=grid.spacing_mm, reach_mm=RIM_MM)
    return _share((rind & (apart <= RIM_MM**2)).sum(), rind.sum())


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else 0.0


def _percent(part: float, whole: float) -> str:
    return f"{100 * _share(part, whole):.0f} %"
