"""Resampling: area means, linear interpolation, crops and padding.

Resampling is separable: a small matrix along each axis converts the old samples to the new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TypeAlias

import numpy as np
import scipy
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, ScalarT, Spacing, extent
from gliobench.domain.geometry.rigid import Rigid

Float32Array: TypeAlias = NDArray[np.float32]

ROUNDING = 1e-6
"""Parts of a voxel."""


def area_weights(length: int, step: float) -> Float32Array:
    """Return the weights for coarser samples, each the mean of the samples that it covers.

    The first coarse sample begins where the first fine one does. If the step is finer than the
    samples, the weights interpolate linearly instead.

    Args:
        length: Samples along the axis.
        step: Edge of a new sample in old ones.

    Returns:
        (ceil(length * step⁻¹), length) float32; each row sums to one.
    """
    count = max(1, int(np.ceil(length / step - 1e-6)))
    if step <= 1:
        # the centre of the last new sample may lie beyond the old ones; it must not be empty
        return linear_weights(length, (np.arange(count) + 0.5) * step - 0.5, outside=1.0)
    edges = np.arange(length)
    start = (np.arange(count) * step)[:, None]
    covered = np.minimum(edges + 1, start + step) - np.maximum(edges, start)
    weights = np.clip(covered, 0, None)
    rows: Float32Array = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return rows


def linear_weights(length: int, positions: FloatArray, *, outside: float = 0.5) -> Float32Array:
    """Return the weights for values between samples.

    Args:
        length: Samples along the axis.
        positions: (N,) continuous sample coordinates.
        outside: How far beyond the outermost samples their value is extended; further out is zero.

    Returns:
        (N, length) float32.
    """
    inside = np.clip(positions, 0, length - 1)
    lower = np.minimum(np.floor(inside).astype(int), max(length - 2, 0))
    fraction = inside - lower
    weights = np.zeros((len(positions), length), dtype=np.float32)
    rows = np.arange(len(positions))
    weights[rows, lower] += 1 - fraction
    weights[rows, np.minimum(lower + 1, length - 1)] += fraction
    weights[(positions < -outside) | (positions > length - 1 + outside)] = 0
    return weights


def resample(volume: FloatArray | BoolArray, weights: Sequence[Float32Array]) -> Float32Array:
    """Apply one weight matrix along each axis.

    Args:
        volume: (I, J, K); True counts as 1.
        weights: Three matrices, (I', I), (J', J) and (K', K).

    Returns:
        (I', J', K') float32, with the axis slowest in memory that was the fastest.
    """
    straight, (first, second, third), order = _in_memory_order(volume, weights)
    planes = _along(1, second, _along(0, first, straight))
    # Turned, since a matrix product would start BLAS's threads, which then wait on all cores.
    turned = _along(0, third, np.ascontiguousarray(planes.T))
    return turned.T.transpose(np.argsort(order))


def resample_to_spacing(
    volume: FloatArray,
    *,
    spacing_mm: Spacing,
    target_mm: float | Spacing,
    block: Sequence[slice] = (slice(None),) * 3,
) -> Float32Array:
    """Resample a volume to another voxel size, starting at the same corner.

    Args:
        volume: (I, J, K).
        spacing_mm: Its voxel edges.
        target_mm: The new voxel edge, or one along each axis.
        block: Where it is not zero, along each axis.

    Returns:
        (I', J', K') float32: means for larger voxels, linear interpolation for smaller ones.
    """
    steps = (np.broadcast_to(target_mm, 3) / spacing_mm).tolist()
    if all(abs(step - 1) < 1e-3 for step in steps):
        return np.asarray(volume, dtype=np.float32)
    weights = [area_weights(n, step) for n, step in zip(volume.shape, steps, strict=True)]
    return resample(
        volume[tuple(block)], [rows[:, span] for rows, span in zip(weights, block, strict=True)]
    )


def nearest(labels: NDArray[ScalarT], *, source: Grid, target: Grid) -> NDArray[ScalarT]:
    """Take at each voxel of a grid the value of the nearest voxel of another.

    Args:
        labels: On `source`.
        source: The grid of the labels.
        target: The grid that is wanted.

    Returns:
        (I, J, K) on `target`; 0 where its voxels' centres lie outside of `source`.
    """
    matrix = np.linalg.solve(source.affine, target.affine)
    i, j, k = target.shape
    plane = np.stack([*np.indices((i, j)), np.zeros((i, j))]).reshape(3, -1)
    resampled = np.zeros(target.shape, dtype=labels.dtype)
    for at in range(k):
        plane[2] = at
        voxels = np.floor(matrix[:3, :3] @ plane + matrix[:3, 3:] + 0.5).astype(np.int64)
        inside = np.all((voxels >= 0) & (source.shape > voxels.T).T, axis=0)
        slab = np.zeros(i * j, dtype=labels.dtype)
        slab[inside] = labels[tuple(voxels[:, inside])]
        resampled[:, :, at] = slab.reshape(i, j)
    return resampled


def pulled(volume: FloatArray, *, source: Grid, target: Grid, motion: Rigid) -> Float32Array:
    """Interpolate a moved image on another grid, linearly and once.

    Args:
        volume: (I, J, K) on `source`.
        source: The grid of the volume.
        target: The grid that is wanted.
        motion: From the world of `source` to that of `target`.

    Returns:
        (I', J', K') float32 on `target`; 0 outside of `source`.
    """
    given = np.asarray(volume, dtype=np.float32)
    return _pulled(given, _shown(given != 0), target.shape, _steps(source, target, motion))


def pulled_region(region: BoolArray, *, source: Grid, target: Grid, motion: Rigid) -> BoolArray:
    """Return the voxels of another grid of which a moved region fills half or more.

    Each voxel is looked at in as many places as it is longer than the region's voxels, so that thick
    slices hold what lies between their centres. Nested regions stay nested.

    Args:
        region: (I, J, K) bool on `source`.
        source: The grid of the region.
        target: The grid that is wanted.
        motion: From the world of `source` to that of `target`.

    Returns:
        (I', J', K') bool on `target`.
    """
    parts = [max(1, round(edge / min(source.spacing_mm))) for edge in target.spacing_mm]
    filled, volume = np.zeros(target.shape, dtype=np.float32), region.astype(np.float32)
    shown = _shown(region)
    for offset in np.ndindex(*parts):
        shift = np.eye(4)
        shift[:3, 3] = (np.array(offset) + 0.5) / parts - 0.5
        placed = Grid(target.shape, target.affine @ shift)
        filled += _pulled(volume, shown, target.shape, _steps(source, placed, motion))
    return np.asarray(filled >= np.prod(parts) / 2 - ROUNDING)


def _shown(region: BoolArray) -> tuple[slice, ...] | None:
    """Return the smallest block that holds a region; None where it is empty."""
    return extent(region) if region.any() else None


def _steps(source: Grid, target: Grid, motion: Rigid) -> NDArray[np.float64]:
    """Return (4, 4), from voxels of the target to those of the source."""
    return np.asarray(np.linalg.inv(source.affine) @ motion.inverse.matrix @ target.affine)


def _pulled(
    given: Float32Array,
    shown: tuple[slice, ...] | None,
    shape: Sequence[int],
    steps: NDArray[np.float64],
) -> Float32Array:
    """Interpolate an image on a grid of a shape, see `pulled`; only the block shown is not zero."""
    found = np.zeros(shape, dtype=np.float32)
    if shown is None:
        return found
    reached = _reached(shown, steps, shape)
    if not found[reached].size:
        return found
    matrix, shift = steps[:3, :3], steps[:3, :3] @ [part.start for part in reached] + steps[:3, 3]
    if np.array_equal(matrix, np.diag(np.diag(matrix))):  # without a turn each axis is on its own
        found[reached] = resample(
            given,
            [
                linear_weights(n, matrix[axis, axis] * np.arange(m) + shift[axis], outside=ROUNDING)
                for axis, (n, m) in enumerate(zip(given.shape, found[reached].shape, strict=True))
            ],
        )
    else:
        scipy.ndimage.affine_transform(
            given, matrix, shift, output=found[reached], order=1, mode="constant"
        )
    return found


def _reached(
    box: Sequence[slice], steps: NDArray[np.float64], shape: Sequence[int]
) -> tuple[slice, ...]:
    """Return the part of a grid in which a box of another is seen: beside it nothing needs to be computed.

    Args:
        box: Voxels of the other grid; their values reach as far as the centres of the next ones.
        steps: (4, 4), from voxels of the grid to those of the other.
        shape: Of the grid.
    """
    ends = [(part.start - 1, part.stop) for part in box]
    corners = np.array([(*corner, 1) for corner in product(*ends)])
    seen = np.linalg.solve(steps, corners.T)[:3]
    first = np.clip(np.floor(seen.min(axis=1)).astype(int), 0, shape)
    last = np.clip(np.ceil(seen.max(axis=1)).astype(int) + 1, first, shape)
    return tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))


def _in_memory_order(
    volume: FloatArray | BoolArray, weights: Sequence[Float32Array]
) -> tuple[FloatArray | BoolArray, list[Float32Array], NDArray[np.intp]]:
    """Undo flips and transpositions: sums take 20 times as long against the memory order."""
    flips = [-1 if stride < 0 else 1 for stride in volume.strides]
    straight = volume[tuple(slice(None, None, flip) for flip in flips)]
    order = np.argsort([-abs(stride) for stride in volume.strides], kind="stable")
    matrices = [np.ascontiguousarray(weights[axis][:, :: flips[axis]]) for axis in order]
    return straight.transpose(order), matrices, order


def _along(axis: int, weights: Float32Array, volume: FloatArray | BoolArray) -> Float32Array:
    """Sum planes across an axis by weights, most of which are zero: faster than a product."""
    shape = list(volume.shape)
    shape[axis] = len(weights)
    summed = np.zeros(shape, dtype=np.float32)
    old, new = np.moveaxis(volume, axis, 0), np.moveaxis(summed, axis, 0)
    for at, of in np.argwhere(weights):
        new[at] += weights[at, of] * old[of]
    return summed
