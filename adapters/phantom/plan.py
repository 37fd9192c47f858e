"""Parameters of a glioma: ranges for each grade, and random draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from gliobench.adapters.phantom.anatomy import load_template
from gliobench.domain.studies.study import Grade

Range: TypeAlias = tuple[float, float]
"""The ends of a uniform distribution."""


class Enhancement(Enum):
    """The enhancement pattern of a tumour."""

    NONE = "none"
    PATCHES = "patches"
    RIM = "rim"


@dataclass(frozen=True, slots=True)
class GradeRanges:
    """Distributions of the parameters for a grade; see `LesionPlan` for their meaning.

    Args:
        radius_mm: Median, deviation of the logarithm, and maximum.
        enhancement: Probability of each pattern.
        mismatch: Probability of a core that is dark on FLAIR though bright on T2.
    """

    radius_mm: tuple[float, float, float]
    oedema_mm: Range
    roughness: Range
    rim_mm: Range
    patch_threshold: Range
    push_mm: Range
    unevenness: Range
    uptake: Range
    enhancement: Mapping[Enhancement, float]
    mismatch: float


RANGES: Mapping[Grade, GradeRanges] = {
    Grade.LGG: GradeRanges(
        radius_mm=(20.0, 0.30, 32.0),
        oedema_mm=(3.0, 14.0),
        roughness=(0.10, 0.22),
        rim_mm=(1.5, 3.0),
        patch_threshold=(1.0, 2.0),
        push_mm=(0.0, 4.0),
        unevenness=(0.03, 0.12),
        uptake=(1.10, 1.60),
        enhancement={Enhancement.NONE: 0.50, Enhancement.PATCHES: 0.38, Enhancement.RIM: 0.12},
        mismatch=0.3,
    ),
    Grade.HGG: GradeRanges(
        radius_mm=(20.0, 0.33, 32.0),
        oedema_mm=(7.0, 30.0),
        roughness=(0.12, 0.26),
        rim_mm=(3.0, 10.0),
        patch_threshold=(0.3, 1.5),
        push_mm=(1.0, 7.0),
        unevenness=(0.08, 0.22),
        uptake=(1.25, 2.10),
        enhancement={Enhancement.NONE: 0.02, Enhancement.PATCHES: 0.13, Enhancement.RIM: 0.85},
        mismatch=0.03,
    ),
}
"""Modelled on volumes and intensities of BraTS 2020; the grades overlap in every parameter."""


@dataclass(frozen=True, eq=False)
class LesionPlan:
    """Parameters of one glioma.

    Args:
        seat_mm: (3,) MNI coordinate of its origin.
        axes: (3, 3) from millimetres to those of a ball of `radius_mm`: a rotation and three stretches.
        radius_mm: Radius of the core.
        oedema_mm: Extent of oedema along white matter.
        roughness: Deviation of the core's surface, relative to the radius.
        rim_mm: Thickness of an enhancing rim.
        patch_threshold: Threshold of enhancing patches, in deviations of a field above its mean.
        push_mm: Displacement of the brain by the tumour.
        unevenness: Deviation of the intensity within the tumour, and the width of its septa.
        uptake: Intensity of enhancing tumour on T1c, relative to healthy brain.
        enhancement: The enhancement pattern.
        mismatch: Whether its core is dark on FLAIR though bright on T2.
    """

    seat_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    radius_mm: float
    oedema_mm: float
    roughness: float
    rim_mm: float
    patch_threshold: float
    push_mm: float
    unevenness: float
    uptake: float
    enhancement: Enhancement
    mismatch: bool


def draw_plan(rng: np.random.Generator, grade: Grade) -> LesionPlan:
    """Draw the position, size and appearance of a glioma of a grade."""
    ranges, seats_mm = RANGES[grade], load_template().seats_mm
    median, deviation, greatest = ranges.radius_mm
    radius_mm = float(np.clip(median * np.exp(rng.normal(0.0, deviation)), 7.0, greatest))
    patterns, chances = zip(*ranges.enhancement.items(), strict=True)
    return LesionPlan(
        seat_mm=seats_mm[rng.integers(len(seats_mm))],
        axes=_draw_axes(rng),
        radius_mm=radius_mm,
        oedema_mm=rng.uniform(*ranges.oedema_mm),
        roughness=rng.uniform(*ranges.roughness),
        rim_mm=min(rng.uniform(*ranges.rim_mm), 0.4 * radius_mm),
        patch_threshold=rng.uniform(*ranges.patch_threshold),
        push_mm=min(rng.uniform(*ranges.push_mm), 0.35 * radius_mm),
        unevenness=rng.uniform(*ranges.unevenness),
        uptake=rng.uniform(*ranges.uptake),
        enhancement=patterns[int(rng.choice(len(patterns), p=chances))],
        mismatch=bool(rng.random() < ranges.mismatch),
    )


def _draw_axes(rng: np.random.Generator) -> NDArray[np.float64]:
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    stretch = np.exp(rng.normal(0.0, 0.2, 3))
    axes: NDArray[np.float64] = turn * (np.cbrt(stretch.prod()) / stretch)[:, None]
    return axes
