"""The healthy brain: the MNI152 template on BraTS's grid, deformed individually per study."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.adapters.phantom.fields import AxesMm, Float32Array, smooth_field
from gliobench.adapters.phantom.mni152 import mni_image
from gliobench.domain.geometry.grids import BoolArray, Grid, extent
from gliobench.domain.geometry.resampling import linear_weights, resample

HEAD_MM = ((-205.0, -30.0), (5.0, 215.0), (-20.0, 165.0))
"""A block of BraTS's world that contains every head."""
MNI_ANCHOR_MM = np.array([0.0, -17.0, 82.0])
"""Midline, centre and top of the template's brain, in MNI space …"""
BRATS_ANCHOR_MM = np.array([-118.5, 111.0, 141.0])
"""… and their positions in real BraTS studies."""
DEPTH_MM = 4.0
"""Blur that converts the brain's mask to a measure of depth."""
RIM_DEPTH = 0.56
"""Threshold of skull-stripping: slightly inside the template's mask, which includes a film of fluid."""
PERIOD_MM = 140.0
"""Wavelength of the stretching along an axis: about the size of a brain."""


@dataclass(frozen=True, eq=False)
class Template:
    """Maps of the MNI152 brain in [0, 1], on voxels of 1 mm.

    Args:
        origin_mm: MNI coordinate of the first voxel's centre.
        grey: (I, J, K) float32, share of grey matter.
        white: (I, J, K) float32, share of white matter.
        depth: (I, J, K) float32, the brain blurred by `DEPTH_MM`: 0.5 at its rim, 1 deep inside.
        seats_mm: (N, 3) MNI coordinates of white matter that a glioma may start from.
    """

    origin_mm: NDArray[np.float64]
    grey: Float32Array
    white: Float32Array
    depth: Float32Array
    seats_mm: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Anatomy:
    """A healthy brain on the block of a study's grid that contains it.

    Args:
        grid: The study's RAS+ grid.
        block: Position of the arrays on the grid.
        axes_mm: World coordinates of the block's voxels.
        midline_mm: World x of the midline.
        brain: (I, J, K) bool.
        grey: (I, J, K) float32, share of grey matter; zero outside the brain.
        white: (I, J, K) float32, share of white matter; the rest is cerebrospinal fluid.
        vessels: (I, J, K) float32 in [0, 1], blood in sinuses and sulci.
        grain: (I, J, K) float32, fine inhomogeneity of all tissue, mean 0 and deviation 1.
        placement: Transformation of the template to the world.
    """

    grid: Grid
    block: tuple[slice, slice, slice]
    axes_mm: AxesMm
    midline_mm: float
    brain: BoolArray
    grey: Float32Array
    white: Float32Array
    vessels: Float32Array
    grain: Float32Array
    placement: Placement


@dataclass(frozen=True, eq=False)
class Placement:
    """Size, position and slow stretching along each axis, from world to MNI space.

    Args:
        scale: (3,) world over MNI lengths.
        shift_mm: (3,) offset of the anchor from its mean position in BraTS's heads.
        stretch_mm: (3,) amplitude of the stretching; its slope stays far below one.
        phase: (3,) of the stretching, in radians.
    """

    scale: NDArray[np.float64]
    shift_mm: NDArray[np.float64]
    stretch_mm: NDArray[np.float64]
    phase: NDArray[np.float64]

    def to_mni(self, world_mm: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Convert world coordinates along an axis to MNI coordinates."""
        away = (world_mm - BRATS_ANCHOR_MM[axis] - self.shift_mm[axis]) / self.scale[axis]
        wave = np.sin(2 * np.pi * away / PERIOD_MM + self.phase[axis]) - np.sin(self.phase[axis])
        placed: NDArray[np.float64] = MNI_ANCHOR_MM[axis] + away + self.stretch_mm[axis] * wave
        return placed

    def to_world(self, mni_mm: float, axis: int) -> float:
        """Convert an MNI coordinate along an axis to the world."""
        start, stop = HEAD_MM[axis]
        world_mm = np.linspace(start, stop, 1000)
        return float(np.interp(mni_mm, self.to_mni(world_mm, axis), world_mm))


@cache
def load_template() -> Template:
    """Read the MNI152 template from nilearn's package; nothing is downloaded."""
    read = partial(mni_image, extra="phantom", purpose="Simulating studies")
    t1 = read("t1")
    held = tuple(slice(max(0, cut.start - 2), cut.stop + 2) for cut in extent(t1.brain))
    brain, grey, white = (
        np.ascontiguousarray(voxels[held], dtype=np.float32)
        for voxels in (t1.brain, read("gm").voxels, read("wm").voxels)
    )
    origin_mm = t1.affine[:3, 3] + [cut.start for cut in held]
    return Template(
        origin_mm=origin_mm,
        grey=grey,
        white=white,
        depth=scipy.ndimage.gaussian_filter(brain, DEPTH_MM),
        seats_mm=_seats(white, origin_mm),
    )


def _seats(white: Float32Array, origin_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """List cerebral white matter off the midline, above brain stem and cerebellum."""
    seats = np.argwhere(white[::3, ::3, ::3] > 0.6) * 3 + origin_mm
    x, y, z = seats.T
    cerebral = np.where(y < -35, z > 2, z > -22) & (np.hypot(x, z / 3) > 12)
    cerebral &= ~((np.abs(x) < 24) & (z < 0) & (y < 5))
    off_stem: NDArray[np.float64] = seats[cerebral]
    return off_stem


def draw_placement(rng: np.random.Generator) -> Placement:
    """Draw a head's size, position and proportions at random."""
    return Placement(
        scale=np.array([0.96, 0.95, 0.94]) * rng.normal(1.0, 0.025) * rng.normal(1.0, 0.015, 3),
        shift_mm=rng.normal(0.0, 1.5, 3),
        stretch_mm=rng.uniform(0.0, 3.5, 3) * [0.5, 1.0, 1.0],
        phase=rng.uniform(0.0, 2 * np.pi, 3),
    )


def draw_anatomy(rng: np.random.Generator, grid: Grid) -> Anatomy:
    """Draw a healthy brain at random.

    Args:
        rng: The random generator.
        grid: The study's RAS+ grid, with axes parallel to the world's.
    """
    template, placement = load_template(), draw_placement(rng)
    axes_mm = _axes(grid)
    block, weights = zip(
        *(_axis_weights(placement, template, axes_mm[axis], axis) for axis in range(3)),
        strict=True,
    )
    axes_mm = axes_mm[0][block[0]], axes_mm[1][block[1]], axes_mm[2][block[2]]
    depth = resample(template.depth, weights)
    brain = depth > RIM_DEPTH
    grey, white = _folded(
        rng,
        axes_mm,
        depth=depth,
        grey=resample(template.grey, weights),
        white=resample(template.white, weights),
    )
    grey *= brain
    white *= brain
    midline_mm = placement.to_world(0.0, 0)
    grain = smooth_field(rng, axes_mm, scale_mm=3.0, extent_mm=HEAD_MM)
    specks = np.clip(grain - 1.3, 0, 1) * np.clip(0.7 - grey - white, 0, 1)
    return Anatomy(
        grid=grid,
        block=(block[0], block[1], block[2]),
        axes_mm=axes_mm,
        midline_mm=midline_mm,
        brain=brain,
        grey=grey,
        white=white,
        vessels=np.clip(specks + _sinus(axes_mm, midline_mm, depth), 0, 1),
        grain=grain,
        placement=placement,
    )


def _sinus(axes_mm: AxesMm, midline_mm: float, depth: Float32Array) -> Float32Array:
    """Mark the midline rim above and behind the brain, the course of the sagittal sinus."""
    x, y, z = np.meshgrid(*(mm.astype(np.float32) for mm in axes_mm), indexing="ij", sparse=True)
    _, front_mm, top_mm = BRATS_ANCHOR_MM
    outer = (z > top_mm - 45) | ((y < front_mm - 40) & (z > top_mm - 105))
    midline = np.exp(-np.square((x - midline_mm) / np.float32(1.6))) * outer
    sinus: Float32Array = midline * np.clip(np.float32(3.0) - np.float32(3.3) * depth, 0, 1)
    return sinus


def _axes(grid: Grid) -> AxesMm:
    x, y, z = (
        grid.affine[axis, 3] + grid.affine[axis, axis] * np.arange(grid.shape[axis])
        for axis in range(3)
    )
    return x, y, z


def _axis_weights(
    placement: Placement, template: Template, world_mm: NDArray[np.float64], axis: int
) -> tuple[slice, Float32Array]:
    """Find the voxels that overlap the template, and the template's weights: a mean over each voxel."""
    length = template.depth.shape[axis]
    edge_mm = world_mm[1] - world_mm[0]
    parts = int(np.ceil(edge_mm - 1e-6))
    offsets_mm = edge_mm * ((np.arange(parts) + 0.5) / parts - 0.5)
    weights = np.mean(
        [
            linear_weights(
                length, placement.to_mni(world_mm + mm, axis) - template.origin_mm[axis], outside=0
            )
            for mm in offsets_mm
        ],
        axis=0,
    )
    (block,) = extent(weights.any(axis=1))
    return block, weights[block]


def _folded(
    rng: np.random.Generator,
    axes_mm: AxesMm,
    *,
    depth: Float32Array,
    grey: Float32Array,
    white: Float32Array,
) -> tuple[Float32Array, Float32Array]:
    """Sharpen the average of 152 brains, and add individual folds.

    Sulci are the sheets where a smooth field changes sign, in grey matter near the rim.
    """
    fluid = np.clip(1 - grey - white, 0.02, None)
    folds = smooth_field(rng, axes_mm, scale_mm=7.0, extent_mm=HEAD_MM)
    sulci = np.exp(-np.square(folds / np.float32(0.2))) * np.clip(3 - 3 * depth, 0, 1)
    fluid += np.float32(rng.uniform(0.8, 2.0)) * sulci * (grey + np.float32(0.4) * white)
    fluid *= np.float32(np.exp(rng.normal(0.0, 0.25)))
    white *= np.exp(np.float32(0.2) * folds)
    shares = [share * share for share in (fluid, grey, white)]
    total = shares[0] + shares[1] + shares[2]
    return shares[1] / total, shares[2] / total
