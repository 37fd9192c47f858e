"""Conversion of a study to a localizer's input and back, for training and inference alike."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.errors import NotFoundError
from gliobench.domain.geometry.grids import BoolArray, FloatArray, Grid, Spacing, extent
from gliobench.domain.geometry.neighbours import grown
from gliobench.domain.geometry.parts import Parts, Touching
from gliobench.domain.geometry.resampling import (
    Float32Array,
    linear_weights,
    resample,
    resample_to_spacing,
)
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.intensity import PLAIN_RULE, IntensityRule
from gliobench.domain.studies.study import ESSENTIAL, Modality, Study

Shape = tuple[int, int, int]

SURE_ENOUGH = 0.2
"""Probability threshold of the tumour, chosen by cross-validation: see `docs/results`."""
SMALLEST_MM3 = 200.0
"""Volume below which a part of the tumour is dropped."""

MODALITY_ORDER = (Modality.T1N, Modality.T1C, Modality.T2W, Modality.T2F)
REGION_ORDER = (Region.WT, Region.TC, Region.ET)


@dataclass(frozen=True, slots=True)
class LocalizerGeometry:
    """A window of cubic voxels that holds a whole brain.

    Args:
        spacing_mm: Edge of a voxel.
        shape: Voxels of the network's input along (i, j, k), RAS+.
    """

    spacing_mm: float = 2.0
    shape: Shape = (80, 96, 80)


def absent_modalities(
    study: Study, modalities: Sequence[Modality] = MODALITY_ORDER, *, dropout: bool
) -> tuple[Modality, ...]:
    """Return the modalities that a study lacks and a network does without.

    A modality whose file cannot be read is not absent.

    Args:
        study: The study.
        modalities: Modalities of the network.
        dropout: Whether the network was trained with modality dropout; otherwise it needs them all.

    Raises:
        NotFoundError: The study lacks all `ESSENTIAL` modalities of the network, or any that it needs.
    """
    absent = tuple(modality for modality in modalities if modality in study.absent)
    needed = [item for item in modalities if item in ESSENTIAL] if dropout else list(absent)
    if needed and set(needed) <= set(absent):
        names = " and no ".join(f"{modality.value} ({modality.alias})" for modality in needed)
        wanted = f": wanted {' or '.join(modality.value for modality in needed)}" * dropout
        raise NotFoundError(f"study {study.id} has no {names}{wanted}")
    return absent


def localizer_volumes(
    study: Study,
    spacing_mm: float | Spacing,
    modalities: Sequence[Modality] = MODALITY_ORDER,
    *,
    rule: str = PLAIN_RULE,
    absent: Collection[Modality] = (),
) -> Float32Array:
    """Resample a study's modalities to the voxels of a network, and convert them to z-scores.

    Args:
        study: Any RAS+ study.
        spacing_mm: Edge or edges of the new voxels; the first begins at the study's first corner.
        modalities: Modalities in the network's order.
        rule: How intensities become z-scores, as the network's card says.
        absent: Those that are not read, but zero everywhere; not all.

    Returns:
        (C, I', J', K') float32 in the order of the modalities, zero outside the brain.

    Raises:
        NotFoundError: A modality is missing.
        InvalidInputError: A volume cannot be read, or is empty.
    """
    scored: dict[Modality, Float32Array] = {}
    for modality in modalities:
        if modality not in absent:
            volume = resample_to_spacing(
                study.volume(modality),
                spacing_mm=study.grid.spacing_mm,
                target_mm=spacing_mm,
                block=study.head(modality),
            )
            scored[modality] = IntensityRule.of(volume, rule).apply(volume)
    zeros = np.zeros_like(next(iter(scored.values())))
    return np.stack([scored.get(modality, zeros) for modality in modalities])


def brain_windows(volumes: Float32Array, shape: Shape) -> list[tuple[int, int, int]]:
    """Place windows that together cover every non-background voxel.

    Args:
        volumes: (C, I, J, K), zero outside the brain.
        shape: Shape of one window.

    Returns:
        First voxels of the windows, possibly negative; one window where the brain fits.
    """
    brain = np.any(volumes, axis=0)
    starts = []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        occupied = np.flatnonzero(brain.any(axis=others))
        starts.append(_window_starts(int(occupied[0]), int(occupied[-1]) + 1, shape[axis]))
    return [(i, j, k) for i, j, k in product(*starts)]


def window(volumes: Float32Array, start: tuple[int, int, int], shape: Shape) -> Float32Array:
    """Cut a window out of (C, I, J, K) volumes, zero-padded outside."""
    cut = np.zeros((len(volumes), *shape), dtype=np.float32)
    source, target = overlap(volumes.shape[1:], start, shape)
    cut[(slice(None), *target)] = volumes[(slice(None), *source)]
    return cut


def overlap(
    shape: Sequence[int], start: Sequence[int], extent: Sequence[int]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the voxels that a window shares with a volume, in indices of the volume and the window."""
    source, target = [], []
    for length, first, size in zip(shape, start, extent, strict=True):
        low, high = max(first, 0), min(first + size, length)
        source.append(slice(low, high))
        target.append(slice(low - first, high - first))
    return tuple(source), tuple(target)


def merge_windows(
    windows: Sequence[tuple[tuple[int, int, int], Float32Array]], shape: Sequence[int]
) -> Float32Array:
    """Reassemble windows to the volume from which they were cut, averaging overlaps.

    Args:
        windows: Start and (C, i, j, k) values of each.
        shape: (I, J, K) of the volume; zero where there is no window.
    """
    total = np.zeros((len(windows[0][1]), *shape), dtype=np.float32)
    count = np.zeros(tuple(shape), dtype=np.float32)
    for start, values in windows:
        source, target = overlap(shape, start, values.shape[1:])
        total[(slice(None), *source)] += values[(slice(None), *target)]
        count[source] += 1
    if len(windows) == 1:
        return total
    return np.divide(total, np.maximum(count, 1), dtype=np.float32)


def tumour_regions(
    probabilities: Float32Array,
    *,
    spacing_mm: float | Spacing,
    grid: Grid,
    smallest_mm3: float = SMALLEST_MM3,
    threshold: float = SURE_ENOUGH,
    smallest_enhancing_mm3: float = 0.0,
) -> dict[Region, BoolArray] | None:
    """Convert a localizer's output to nested regions on a study's grid.

    Args:
        probabilities: (R, I', J', K') of the first R regions of `REGION_ORDER`, on the voxels of
            `localizer_volumes`.
        spacing_mm: Edge or edges of those voxels.
        grid: The study's RAS+ grid.
        smallest_mm3: Components of the whole tumour below this volume, or below half of the largest
            component, are dropped.
        threshold: Probability threshold of the tumour.
        smallest_enhancing_mm3: An enhancing tumour of less volume is taken for none, as the winners
            of BraTS 2020 do (arXiv 2011.00848): low-grade tumours often have none.

    Returns:
        (I, J, K) bool by region, TC within WT and ET within TC; None where no tumour is found.
    """
    edges_mm = np.broadcast_to(spacing_mm, 3).tolist()
    kept = large_parts(
        probabilities[0] > threshold, smallest_vox=smallest_mm3 / float(np.prod(edges_mm))
    )
    if not kept.any():
        return None
    block = extent(kept)
    low = [max(span.start - 2, 0) for span in block]
    high = [min(span.stop + 2, n) for span, n in zip(block, kept.shape, strict=True)]
    inner = tuple(map(slice, low, high))
    weights, outer = _weights_to_grid(low, high, edges_mm=edges_mm, grid=grid)
    near = grown(kept[inner])
    regions: dict[Region, BoolArray] = {}
    parent: BoolArray | None = None
    for region, channel in zip(
        REGION_ORDER, probabilities, strict=False
    ):  # fewer if there are fewer
        fine = resample(channel[inner] * near, weights) > threshold
        parent = fine if parent is None else fine & parent
        regions[region] = np.zeros(grid.shape, dtype=np.bool_, order="F")  # as images mostly are
        regions[region][outer] = parent
    enhancing = regions.get(Region.ET)
    few = smallest_enhancing_mm3 / grid.voxel_volume_mm3
    if enhancing is not None and np.count_nonzero(enhancing) < few:
        regions[Region.ET] = np.zeros_like(enhancing)
    return regions if regions[Region.WT].any() else None


def on_grid(values: Float32Array, *, spacing_mm: float | Spacing, grid: Grid) -> Float32Array:
    """Resample a network's output, such as probabilities, to a study's grid.

    Args:
        values: (R, I', J', K') on the voxels of `localizer_volumes`.
        spacing_mm: Edge or edges of those voxels.
        grid: The study's RAS+ grid.

    Returns:
        (R, I, J, K) float32 between the smallest and the largest value.
    """
    edges_mm = np.broadcast_to(spacing_mm, 3).tolist()
    weights, outer = _weights_to_grid([0, 0, 0], values.shape[1:], edges_mm=edges_mm, grid=grid)
    found = np.zeros((len(values), *grid.shape), dtype=np.float32)
    for target, channel in zip(found, values, strict=True):
        target[outer] = resample(channel, weights)
    return found


def large_parts(mask: BoolArray, *, smallest_vox: float) -> BoolArray:
    """Keep the connected parts of a mask that are as large as this, and half as large as the largest."""
    parts = Parts.of(mask, Touching.FACES)
    if parts.n == 0:
        return mask
    sizes = parts.n_voxels
    return parts.having(sizes >= max(smallest_vox, 0.5 * sizes.max()))


def _window_starts(low: int, high: int, length: int) -> list[int]:
    spare = high - low - length
    if spare <= 0:
        return [low + spare // 2]
    count = 1 + int(np.ceil(spare / (length * 0.75)))
    return [low + round(n * spare / (count - 1)) for n in range(count)]


def _weights_to_grid(
    low: Sequence[int], high: Sequence[int], *, edges_mm: Sequence[float], grid: Grid
) -> tuple[list[NDArray[np.float32]], tuple[slice, ...]]:
    """Return the weights of a network's voxels [low, high) for the study's voxels inside them."""
    weights, outer = [], []
    for axis in range(3):
        step = grid.spacing_mm[axis] / edges_mm[axis]
        first = int(np.clip(np.floor(low[axis] / step), 0, grid.shape[axis] - 1))
        last = int(np.clip(np.ceil(high[axis] / step), first + 1, grid.shape[axis]))
        positions: FloatArray = (np.arange(first, last) + 0.5) * step - 0.5 - low[axis]
        weights.append(linear_weights(high[axis] - low[axis], positions))
        outer.append(slice(first, last))
    return weights, tuple(outer)
