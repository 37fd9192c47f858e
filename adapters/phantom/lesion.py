"""Growth of a glioma in a brain: displacement of tissue, and parts that follow the anatomy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.adapters.phantom.anatomy import Anatomy
from gliobench.adapters.phantom.fields import AxesMm, Float32Array, smooth_field
from gliobench.adapters.phantom.plan import Enhancement, LesionPlan
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region

Block: TypeAlias = tuple[slice, slice, slice]
Field: TypeAlias = Callable[[float], Float32Array]
"""Draws a field of the given scale in millimetres around the tumour."""

FIELD_REACH_MM = 90.0
"""Extent of the fields around a tumour's centre, and hence the maximum extent of the tumour."""
TISSUE_BLUR_MM = 2.0
"""Weights of the tissues in the growth of a tumour."""
CONVENTION = BUILT_IN["brats-gli-2017"]
"""The label convention of phantom masks."""
SMALLEST_CORE_MM = 4.0
"""A core of this radius always exists, so that every phantom has a tumour."""


@dataclass(frozen=True, eq=False)
class Lesion:
    """A grown glioma.

    Args:
        block: Position of the arrays in the anatomy's block.
        labels: (I, J, K) uint8 in BraTS's convention of 2020.
        texture: (I, J, K) float32, the tumour's inhomogeneity, mean 0 and deviation 1.
    """

    block: Block
    labels: NDArray[np.uint8]
    texture: Float32Array


@dataclass(frozen=True, eq=False)
class Head:
    """A brain with its tumour.

    Args:
        anatomy: The brain, displaced by the tumour; its tissue continues under the tumour.
        plan: The parameters of the tumour.
        lesion: The tumour.
    """

    anatomy: Anatomy
    plan: LesionPlan
    lesion: Lesion


def grow(rng: np.random.Generator, plan: LesionPlan, anatomy: Anatomy) -> Head:
    """Grow a glioma in a brain, and displace the brain."""
    centre_mm = [anatomy.placement.to_world(mni_mm, n) for n, mni_mm in enumerate(plan.seat_mm)]
    reach_mm = min(1.6 * plan.radius_mm + 1.2 * plan.oedema_mm + 8.0, FIELD_REACH_MM)
    block, axes_mm = _around(centre_mm, reach_mm, anatomy.axes_mm)
    away_mm = np.meshgrid(
        *((mm - middle).astype(np.float32) for mm, middle in zip(axes_mm, centre_mm, strict=True)),
        indexing="ij",
        sparse=True,
    )
    extent_mm = [(middle - FIELD_REACH_MM, middle + FIELD_REACH_MM) for middle in centre_mm]

    def field(scale_mm: float) -> Float32Array:
        return smooth_field(rng, axes_mm, scale_mm=scale_mm, extent_mm=extent_mm)

    pushed = _push(plan, anatomy, block, away_mm, reach_mm)
    surroundings = _look_around(pushed, block)
    level = _core_level(plan, surroundings, away_mm, field)
    labels = _labels(plan, surroundings, level, field)
    texture = np.float32(0.7) * (field(3.5) + field(9.0))
    return Head(pushed, plan, Lesion(block=block, labels=labels, texture=texture))


def _around(centre_mm: list[float], reach_mm: float, axes_mm: AxesMm) -> tuple[Block, AxesMm]:
    """Cut out the part of the brain that the tumour may reach."""
    i, j, k = (
        slice(*np.searchsorted(mm, [middle - reach_mm, middle + reach_mm]).tolist())
        for mm, middle in zip(axes_mm, centre_mm, strict=True)
    )
    return (i, j, k), (axes_mm[0][i], axes_mm[1][j], axes_mm[2][k])


def _push(
    plan: LesionPlan,
    anatomy: Anatomy,
    block: Block,
    away_mm: tuple[Float32Array, ...],
    reach_mm: float,
) -> Anatomy:
    """Move tissue away from the tumour's centre, decreasing to zero at the block's edge."""
    radius_mm = np.sqrt(away_mm[0] ** 2 + away_mm[1] ** 2 + away_mm[2] ** 2)
    fade = np.clip((reach_mm - radius_mm) / (reach_mm - plan.radius_mm), 0, 1) ** 2
    pull = plan.push_mm * fade / np.maximum(radius_mm, plan.radius_mm)
    indices = np.ogrid[tuple(slice(0, n) for n in radius_mm.shape)]
    origins = [
        index - mm * pull / (axis[1] - axis[0])
        for index, mm, axis in zip(indices, away_mm, anatomy.axes_mm, strict=True)
    ]
    grey, white = anatomy.grey.copy(), anatomy.white.copy()
    for tissue in (grey, white):
        moved = scipy.ndimage.map_coordinates(tissue[block], origins, order=1, mode="nearest")
        tissue[block] = moved * anatomy.brain[block]
    return replace(anatomy, grey=grey, white=white)


@dataclass(frozen=True, eq=False)
class _Surroundings:
    """Fields that influence the growth: (I, J, K) each, around the tumour."""

    brain: BoolArray
    white: Float32Array
    fluid: Float32Array
    midline_mm: Float32Array


def _look_around(anatomy: Anatomy, block: Block) -> _Surroundings:
    x_mm = anatomy.axes_mm[0]
    blur = TISSUE_BLUR_MM / (x_mm[1] - x_mm[0])
    white = scipy.ndimage.gaussian_filter(anatomy.white[block], blur)
    grey = scipy.ndimage.gaussian_filter(anatomy.grey[block], blur)
    return _Surroundings(
        brain=anatomy.brain[block],
        white=white,
        fluid=1 - grey - white,
        midline_mm=(x_mm[block[0]] - anatomy.midline_mm).astype(np.float32)[:, None, None],
    )


def _core_level(
    plan: LesionPlan, around: _Surroundings, away_mm: tuple[Float32Array, ...], field: Field
) -> Float32Array:
    """Measure the distance of each voxel from the core, relative to its radius: negative is inside.

    The core is an irregular ellipsoid that avoids fluid and crosses the midline only along white matter,
    through the corpus callosum.
    """
    x, y, z = away_mm
    rows = plan.axes.astype(np.float32)
    distance_mm = np.sqrt(sum(np.square(a * x + b * y + c * z) for a, b, c in rows))
    shape = field(max(8.0, 0.8 * plan.radius_mm)) + np.float32(0.45) * field(5.0)
    level = distance_mm / plan.radius_mm - 1 + plan.roughness * shape
    level += 2 * np.clip(around.fluid - 0.35, 0, 1)
    side = np.sign(around.midline_mm[np.abs(x).argmin()])
    crossing_mm = np.clip(-side * around.midline_mm, 0, None)
    level += crossing_mm / 6 * np.clip(1.1 - around.white, 0, 1)
    kept: Float32Array = np.minimum(level, distance_mm / SMALLEST_CORE_MM - 1)
    return kept


def _labels(
    plan: LesionPlan, around: _Surroundings, level: Float32Array, field: Field
) -> NDArray[np.uint8]:
    """Divide the tumour into necrosis, oedema and enhancing tumour."""
    core = (level < 0) & around.brain
    fingers_mm = plan.oedema_mm * (1.15 * around.white - 0.15 + 0.4 * field(9.0))
    oedema = (level * plan.radius_mm < fingers_mm) & (around.fluid < 0.45) & around.brain
    whole = _largest_part(core | oedema)
    core &= whole
    enhancing = core & _enhances(plan, -level * plan.radius_mm, field)
    return CONVENTION.merge({Region.WT: whole, Region.TC: core, Region.ET: enhancing})


def _largest_part(whole: BoolArray) -> BoolArray:
    parts, _ = scipy.ndimage.label(whole)
    largest: BoolArray = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    return largest


def _enhances(plan: LesionPlan, depth_mm: Float32Array, field: Field) -> BoolArray:
    """Return the voxels of the core that enhance."""
    if plan.enhancement is Enhancement.NONE:
        return np.zeros(depth_mm.shape, dtype=np.bool_)
    if plan.enhancement is Enhancement.PATCHES:
        return (field(6.0) > plan.patch_threshold) & (depth_mm > 1)
    rim = depth_mm < plan.rim_mm * (1 + 0.45 * field(6.0))
    septa = np.abs(field(11.0)) < plan.unevenness
    gaps = field(14.0) < -1.4
    return (rim | septa) & ~gaps
