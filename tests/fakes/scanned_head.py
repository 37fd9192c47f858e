"""Brains put back into heads, and heads scanned as hospitals do: oblique, in thick slices, moved in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.geometry.resampling import linear_weights, pulled, resample
from gliobench.domain.geometry.rigid import Rigid
from gliobench.domain.studies.study import Modality, Study

MARGIN_MM = 30.0
SLICES_MM = (0.9, 0.9, 5.5)
_NECK_MM = 45.0


@dataclass(frozen=True)
class Contrast:
    """Brightness relative to the brain's median."""

    fluid: float
    bone: float
    marrow: float
    fat: float
    muscle: float


CONTRASTS = {
    Modality.T1N: Contrast(0.35, 0.10, 0.9, 2.2, 0.8),
    Modality.T1C: Contrast(0.40, 0.10, 1.0, 2.3, 1.1),
    Modality.T2W: Contrast(2.40, 0.15, 0.8, 1.5, 0.5),
    Modality.T2F: Contrast(0.30, 0.12, 0.6, 1.4, 0.7),
}


def in_a_head(study: Study, *, seed: int = 0) -> Study:
    """Lay fluid, bone with marrow, muscle and fat of varying thickness about a brain, and shade all.

    Args:
        study: A brain alone; its grid is widened by `MARGIN_MM`.
        seed: Of the thicknesses, the textures and the shading.
    """
    random, spacing_mm = np.random.default_rng(seed), study.grid.spacing_mm
    margin = [round(MARGIN_MM / edge) for edge in spacing_mm]
    shift = np.eye(4)
    shift[:3, 3] = np.negative(margin)
    shape = tuple(n + 2 * m for n, m in zip(study.grid.shape, margin, strict=True))
    grid = Grid(shape, study.grid.affine @ shift)
    volumes = {m: np.pad(study.volume(m), [(n, n) for n in margin]) for m in study.volumes}
    brain = brain_of(volumes)
    layers = _layers(brain, spacing_mm, random)
    return replace(
        study,
        grid=grid,
        native_grid=None,
        volumes={
            m: _drawn(volume, layers, CONTRASTS[m], spacing_mm, random)
            for m, volume in volumes.items()
        },
    )


def brain_of(volumes: Mapping[Modality, NDArray[np.float32]]) -> NDArray[np.bool_]:
    """Return the voxels that any image of a stripped brain shows, without holes."""
    shown = np.any([volume != 0 for volume in volumes.values()], axis=0)
    return np.asarray(ndimage.binary_fill_holes(shown))


def scanned(
    volume: NDArray[np.float32],
    grid: Grid,
    *,
    motion: Rigid,
    spacing_mm: tuple[float, float, float] = SLICES_MM,
) -> tuple[NDArray[np.float32], Grid]:
    """Scan a head that has been moved, in axial slices whose voxels average what they hold.

    Returns:
        The image, and its grid in the world of the scanner.
    """
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(grid.shape) - 1)
    ends_mm = motion.moved(corners @ grid.affine[:3, :3].T + grid.affine[:3, 3])
    inset_mm = MARGIN_MM / 2
    low, high = ends_mm.min(axis=0) + inset_mm, ends_mm.max(axis=0) - inset_mm
    affine = np.diag([*spacing_mm, 1.0])
    affine[:3, 3] = low
    shape = tuple(int(n) for n in np.ceil((high - low) / spacing_mm))
    parts = max(1, round(spacing_mm[2]))
    total = np.zeros(shape, dtype=np.float32)
    for part in range(parts):
        shift = np.eye(4)
        shift[2, 3] = (part + 0.5) / parts - 0.5
        total += pulled(volume, source=grid, target=Grid(shape, affine @ shift), motion=motion)
    return total / parts, Grid(shape, affine)


def turned(
    degrees: tuple[float, float, float],
    shift_mm: tuple[float, float, float],
    about_mm: tuple[float, float, float],
) -> Rigid:
    """Turn about the three axes in their order, about a place, and shift."""
    turn = np.eye(3)
    for axis, angle in enumerate(np.radians(degrees)):
        one = np.eye(3)
        first, second = [other for other in range(3) if other != axis]
        one[first, first] = one[second, second] = np.cos(angle)
        one[first, second], one[second, first] = -np.sin(angle), np.sin(angle)
        turn = one @ turn
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = np.array(about_mm) + shift_mm - turn @ about_mm
    return Rigid(matrix)


@dataclass(frozen=True)
class _Layers:
    """Where tissues are, (I, J, K) bool."""

    brain: NDArray[np.bool_]
    fluid: NDArray[np.bool_]
    bone: NDArray[np.bool_]
    marrow: NDArray[np.bool_]
    muscle: NDArray[np.bool_]
    fat: NDArray[np.bool_]


def _layers(
    brain: NDArray[np.bool_], spacing_mm: tuple[float, float, float], random: np.random.Generator
) -> _Layers:
    apart_mm = ndimage.distance_transform_edt(~brain, sampling=spacing_mm)
    fluid_mm = np.clip(2.0 + 1.2 * _field(brain.shape, spacing_mm, random), 0.4, 5)
    bone_mm = np.clip(6.0 + 1.8 * _field(brain.shape, spacing_mm, random), 2.5, 11)
    height = np.flatnonzero(brain.any(axis=(0, 1))) * spacing_mm[2]
    low_mm = height[0] + 0.35 * (height[-1] - height[0])
    below = np.clip((low_mm - np.arange(brain.shape[2]) * spacing_mm[2]) / _NECK_MM, 0, 1)
    muscle_mm = 14 * below * np.clip(1 + 0.5 * _field(brain.shape, spacing_mm, random), 0, 2)
    fat_mm = np.clip(5.0 + 1.5 * _field(brain.shape, spacing_mm, random), 2, 10)
    inner, outer = fluid_mm, fluid_mm + bone_mm
    fluid = ~brain & (apart_mm <= inner)
    bone = ~brain & ~fluid & (apart_mm <= outer)
    marrow = bone & (np.abs(apart_mm - (inner + outer) / 2) < bone_mm / 6)
    muscle = ~brain & (apart_mm > outer) & (apart_mm <= outer + muscle_mm)
    reach = outer + muscle_mm + fat_mm
    fat = ~brain & (apart_mm > outer + muscle_mm) & (apart_mm <= reach)
    return _Layers(brain, fluid, bone, marrow, muscle, fat)


def _drawn(
    volume: NDArray[np.float32],
    layers: _Layers,
    contrast: Contrast,
    spacing_mm: tuple[float, float, float],
    random: np.random.Generator,
) -> NDArray[np.float32]:
    usual = float(np.median(volume[volume != 0]))
    head = np.where(layers.brain, volume, 0).astype(np.float32)
    for name in ("fluid", "bone", "marrow", "muscle", "fat"):
        texture = 1 + 0.15 * _field(volume.shape, spacing_mm, random, width_mm=4.0)
        where = getattr(layers, name)
        head[where] = usual * getattr(contrast, name) * texture[where]
    head = ndimage.gaussian_filter(head, [0.4 / edge for edge in spacing_mm])
    shading = np.exp(0.15 * _field(volume.shape, spacing_mm, random, width_mm=60.0))
    noise = random.normal(0, 0.02 * usual, (2, *volume.shape))
    drawn = np.hypot(head * shading + noise[0], noise[1])
    return np.asarray(drawn, dtype=np.float32)


def _field(
    shape: tuple[int, ...],
    spacing_mm: tuple[float, float, float],
    random: np.random.Generator,
    width_mm: float = 18.0,
) -> NDArray[np.float32]:
    """Draw a smooth field of mean 0 and deviation 1."""
    step = max(1, round(width_mm / 3 / min(spacing_mm)))
    coarse = random.normal(size=[n // step + 3 for n in shape])
    coarse = ndimage.gaussian_filter(coarse, width_mm / min(spacing_mm) / step / 2)
    coarse = (coarse - coarse.mean()) / coarse.std()
    weights = [
        linear_weights(m, np.arange(n) * (m - 1) / (n + 2 * step - 1))
        for n, m in zip(shape, coarse.shape, strict=True)
    ]
    return resample(coarse, weights)
