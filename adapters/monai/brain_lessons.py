"""Brains for the localizer to learn from: with their tumour, without it, and after its removal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import Grade, Modality

SEAM = 3
"""Voxels on either side of the midline over which a mirrored half passes into its original."""
FLUID = {Modality.T1N: 3.0, Modality.T1C: 3.0, Modality.T2W: 98.0, Modality.T2F: 3.0}
"""Percentiles of the brain as bright as fluid is: dark but in T2."""
_NOISE_OF_FLUID = 0.1


@dataclass(frozen=True, eq=False)
class TrainingStudy:
    """A study ready for the localizer.

    Args:
        volumes: (4, I, J, K) float32 z-scores, zero outside the brain.
        labels: (I, J, K) uint8 of 2020.
        grade: Its reference grade; None where it has none.
    """

    volumes: NDArray[np.float32]
    labels: NDArray[np.uint8]
    grade: Grade | None = None


def healed(study: TrainingStudy) -> TrainingStudy | None:
    """Replace the half of a brain that holds the tumour by the other half's mirror image.

    Returns:
        A brain without a tumour; None where both halves have some.
    """
    brain = (study.volumes != 0).any(0)
    occupied = np.flatnonzero(brain.any((1, 2)))
    if not occupied.size:
        return None
    twice_middle = int(occupied[0] + occupied[-1])
    along = np.arange(brain.shape[0]) - twice_middle / 2
    ill_along = along[(study.labels > 0).any((1, 2))]
    sides = {side for side in (-1, 1) if (side * ill_along > SEAM).any()}
    if len(sides) != 1:
        return None
    (ill,) = sides
    mirrored = _mirrored(study.volumes, twice_middle)
    share = np.clip(ill * along / SEAM, 0, 1).astype(np.float32)[:, None, None]
    volumes = study.volumes * (1 - share) + mirrored * share
    return replace(study, volumes=volumes, labels=np.zeros_like(study.labels))


def with_cavity(
    volumes: NDArray[np.float32], labels: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Fill the tumour's core with fluid, as after its removal: no tumour is left there, in place.

    Args:
        volumes: (4, i, j, k) z-scores, zero outside the brain.
        labels: (1, i, j, k) of 2020.
        rng: Of the fluid's noise.
    """
    core: BoolArray = (labels[0] == 1) | (labels[0] == 4)
    brain = (volumes != 0).any(0)
    if not core.any():
        return
    for channel, modality in zip(volumes, MODALITY_ORDER, strict=True):
        fluid = np.percentile(channel[brain], FLUID[modality])
        channel[core] = fluid + _NOISE_OF_FLUID * rng.standard_normal(int(core.sum()))
    labels[0][core] = 0


def _mirrored(volumes: NDArray[np.float32], twice_middle: int) -> NDArray[np.float32]:
    """Mirror (C, I, J, K) about half of `twice_middle` along I; zero beyond."""
    source = twice_middle - np.arange(volumes.shape[1])
    inside = (source >= 0) & (source < volumes.shape[1])
    mirrored = np.zeros_like(volumes)
    mirrored[:, inside] = volumes[:, source[inside]]
    return mirrored
