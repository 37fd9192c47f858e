"""Plausibility of images (a skull-stripped brain) and of answers (a tumour that fits into it).

Networks answer any input with the same confidence; inputs outside their training distribution are
reported here. Thresholds were not fitted: no value of 45 BraTS and TCGA studies comes near one.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import Axis, BoolArray, FloatArray, Grid, Spacing, extent
from gliobench.domain.geometry.neighbours import squared_distances
from gliobench.domain.geometry.parts import filled
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Modality

SMALLEST_BRAIN_ML, LARGEST_BRAIN_ML = 300.0, 3000.0
LARGEST_TUMOUR = 0.4
"""Maximum share of the brain labelled as tumour."""
COMMONEST = 0.5
"""Maximum share of the head's voxels with the same value."""
NEAR_END = 0.9
"""Share of the range of 16 bits, either way."""
SHELL_MM = 2.0
RIM = 6
"""Number of shells, from the surface inwards, in which a scalp lies."""
DEEP = slice(10, 20)
"""Number of shells from which on there is brain, below scalp and skull."""
BRIGHT_RIM = 1.4
"""Relative to the deep brain's intensity: fat in T1; no cortex, vessel or dura is as bright all around."""
OVER_SKULL = 1.25
"""Intensity of a scalp, and of the deep brain, relative to the dark shell between them."""
ABOVE_ZERO = 0.15
"""How far a brain's darkest voxels are taken to lie above zero, relative to its median."""
_PLANES = 5
_UPPER_HALF = (0.5, 0.85)
"""Range of the head's height: above face and skull base, below the vertex."""


def image_faults(
    study_id: str, modality: Modality, volume: NDArray[np.float32], grid: Grid
) -> Iterator[Fault]:
    """Return the faults of a volume that is not a skull-stripped brain.

    Args:
        study_id: The study.
        modality: The volume's modality.
        volume: (I, J, K), zero around the head, as returned by `Study.volume`.
        grid: RAS+. A single axial plane is not checked for size and skull.
    """
    name = modality.value
    occupied = np.count_nonzero(volume.ravel(order="K") != 0)  # in memory order: faster
    if occupied in (0, volume.size) and volume.min() == volume.max():
        detail = f"{name} is {volume.max():g} everywhere"
        yield Fault(study_id, FaultKind.EMPTY_VOLUME, detail)
        return
    if (share := _commonest(volume)) > COMMONEST:
        detail = f"{share:.0%} of what {name} shows is one value: wanted an image"
        yield Fault(study_id, FaultKind.MOSTLY_ONE_VALUE, detail)
    if _overflowed(volume):
        detail = f"{name} runs from {volume.min():g} to {volume.max():g}, as where bright voxels overflow"
        yield Fault(
            study_id, FaultKind.OVERFLOWED, f"{detail} 16 bits: wanted the image as it was before"
        )
    if grid.shape[Axis.AXIAL] == 1:
        return
    if shows_skull(volume, grid.spacing_mm, modality):
        yield Fault(
            study_id,
            FaultKind.SKULL_NOT_STRIPPED,
            f"{name} shows scalp and skull: wanted the brain alone, on one grid with the other "
            "modalities; co-register them and strip the skull, e.g. by --prepare",
        )
    elif (
        not SMALLEST_BRAIN_ML <= (ml := occupied * grid.voxel_volume_mm3 / 1000) <= LARGEST_BRAIN_ML
    ):
        yield Fault(
            study_id,
            FaultKind.BRAIN_TOO_SMALL if ml < SMALLEST_BRAIN_ML else FaultKind.BRAIN_TOO_LARGE,
            f"{name} shows {ml:.0f} ml that are not background: wanted a whole brain without its "
            f"skull, {SMALLEST_BRAIN_ML:.0f} to {LARGEST_BRAIN_ML:.0f} ml",
        )


def _overflowed(volume: FloatArray) -> bool:
    """Return whether integers about a background of 0 reach both ends of 16 bits."""
    if not volume.min() <= -NEAR_END * 2**15 <= NEAR_END * 2**15 <= volume.max() < 2**15:
        return False
    sample = volume[::3, ::3, ::3]
    return bool((sample == np.rint(sample)).all())


def tumour_fault(study_id: str, *, tumour: BoolArray, brain: BoolArray) -> Fault | None:
    """Return the fault of an answer that labels most of the brain as tumour.

    Args:
        study_id: The study.
        tumour: (I, J, K) bool, as predicted.
        brain: (I, J, K) bool; an empty brain is not checked.
    """
    share = int(np.count_nonzero(tumour)) / max(1, int(np.count_nonzero(brain)))
    if share <= LARGEST_TUMOUR:
        return None
    return Fault(
        study_id,
        FaultKind.TUMOUR_TOO_LARGE,
        f"the answer labels {share:.0%} of the brain as tumour: wanted at most {LARGEST_TUMOUR:.0%}",
    )


def shows_skull(volume: FloatArray, spacing_mm: Spacing, modality: Modality) -> bool:
    """Return whether scalp and skull surround the brain.

    From the surface inwards a head is bright (scalp), dark (skull) and bright again (brain) in every
    modality; in T1 the scalp's fat is brighter than any brain. Shells of 2 mm are averaged over planes
    of the upper half.

    Args:
        volume: (I, J, K), zero around the head.
        spacing_mm: Voxel edges along (i, j, k).
        modality: T1 is checked for fat as well.
    """
    shells = _shells(volume, spacing_mm)
    if shells is None:
        return False
    scalp = np.fmax.accumulate(shells[: DEEP.start])
    if modality in (Modality.T1N, Modality.T1C) and scalp[RIM - 1] > BRIGHT_RIM:
        return True
    skull = OVER_SKULL * shells[: DEEP.start]
    return bool(((skull < scalp) & (skull < 1)).any())


def _shells(volume: FloatArray, spacing_mm: Spacing) -> NDArray[np.float64] | None:
    """Average shells of 2 mm, relative to the mean of the deep ones.

    Returns:
        From the surface inwards, NaN where voxels are too coarse for a shell; None where the volume is
        empty or too thin for deep shells.
    """
    across = int(np.argmax(spacing_mm)) if max(spacing_mm) > 1.5 * min(spacing_mm) else Axis.AXIAL
    planes = np.moveaxis(volume, across, 2)
    edges_mm = [edge for axis, edge in enumerate(spacing_mm) if axis != across]
    steps = [max(1, round(SHELL_MM / edge)) for edge in edges_mm]
    planes = planes[:: steps[0], :: steps[1]]
    sampling = [edge * step for edge, step in zip(edges_mm, steps, strict=True)]
    occupied = np.flatnonzero(planes[::4, ::4].any(axis=(0, 1)))
    if not occupied.size:
        return None
    heights = occupied[0] + np.linspace(*_UPPER_HALF, _PLANES) * (occupied[-1] - occupied[0])
    head = np.stack([planes[:, :, index] for index in np.unique(heights.astype(int))])
    if not head.any():
        return None
    head = _above_zero(head)
    head = head[extent(head != 0)]
    background = np.pad(~filled(head != 0), ((0, 0), (1, 1), (1, 1)), constant_values=True)
    squares = squared_distances(
        background, edges_mm=(np.inf, *sampling), reach_mm=DEEP.stop * SHELL_MM
    )[:, 1:-1, 1:-1]
    shell = np.ceil(np.sqrt(squares) / SHELL_MM)  # 0 is background
    inside = (shell > 0) & (shell <= DEEP.stop)
    of_voxel = shell[inside].astype(int) - 1
    total = np.bincount(of_voxel, head[inside], DEEP.stop)
    count = np.bincount(of_voxel, minlength=DEEP.stop)
    if not count[DEEP].sum() or not total[DEEP].sum():
        return None
    deep = total[DEEP].sum() / count[DEEP].sum()
    means: NDArray[np.float64] = np.full(DEEP.stop, np.nan)
    np.divide(total, count * deep, out=means, where=count > 0)
    return means


def _above_zero(head: FloatArray) -> FloatArray:
    """Return intensities that begin at zero: those of both signs were centred, as z-scores are."""
    if not head.min() < 0 < head.max():
        return np.abs(head)
    darkest, middle = np.percentile(head[head != 0], (0.1, 50))
    zero = min(0.0, float(darkest - ABOVE_ZERO * (middle - darkest)))
    smallest = float(np.finfo(np.float32).eps) * float(head.max() - zero)
    return np.where(head != 0, np.maximum(head - zero, smallest), 0)


def _commonest(volume: FloatArray) -> float:
    """Return the share of the most frequent value among a sample of the non-zero voxels."""
    step = tuple(slice(None, None, 1 + n // 60) for n in volume.shape)
    head = volume[step][volume[step] != 0]
    return float(np.unique(head, return_counts=True)[1].max() / head.size) if head.size else 0.0
