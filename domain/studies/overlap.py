"""Whether the sequences of a study show the brain at one place, as registered ones do.

Shape and affine may agree where an image was shifted, mirrored or resampled without its header.
`docs/results/overlap.py` measures the rule on real studies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from gliobench.domain.geometry.grids import Axis, BoolArray, FloatArray, Grid
from gliobench.domain.studies.contrast_order import FEWEST, sampled
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.study import Modality

LEAST_OVERLAP = 0.93
"""Dice of two brains below which they are not at one place."""
MIRRORED = 0.97
"""Dice from which on a mirrored brain fits, where it gains `GAIN`."""
GAIN = 0.015
_SIDES = {
    Axis.SAGITTAL: "left and right",
    Axis.CORONAL: "front and back",
    Axis.AXIAL: "top and bottom",
}


def overlap_faults(
    study_id: str, volumes: Mapping[Modality, FloatArray], grid: Grid
) -> Iterator[Fault]:
    """Name the sequences whose brain lies elsewhere than in all others, or mirrored.

    Args:
        study_id: The study.
        volumes: (I, J, K) by modality, zero around the brain; any may be absent.
        grid: Theirs. A single axial plane is not checked.
    """
    if grid.shape[Axis.AXIAL] == 1:
        return
    brains = _brains(volumes, grid)
    for modality in list(brains)[: len(brains) if len(brains) > 2 else 1]:
        others = [other for name, other in brains.items() if name is not modality]
        mirrored = (
            sampled({modality: np.flip(volumes[modality], axis)}, grid)[modality] != 0
            for axis in Axis
        )
        if others and (detail := _odd_place(brains[modality], mirrored, others)):
            yield Fault(study_id, FaultKind.SEQUENCES_APART, f"{modality.value} {detail}")


def _brains(volumes: Mapping[Modality, FloatArray], grid: Grid) -> dict[Modality, BoolArray]:
    brains = {modality: volume != 0 for modality, volume in sampled(volumes, grid).items()}
    return {name: brain for name, brain in brains.items() if np.count_nonzero(brain) >= FEWEST}


def _odd_place(brain: BoolArray, mirrored: Iterable[BoolArray], others: list[BoolArray]) -> str:
    overlap = _best(brain, others)
    if overlap >= MIRRORED + GAIN:
        return ""
    for axis, flipped in zip(Axis, mirrored, strict=True):
        if _best(flipped, others) >= max(MIRRORED, overlap + GAIN):
            return (
                f"lies on the other sequences with {_SIDES[axis]} exchanged: is its array mirrored?"
            )
    if overlap >= LEAST_OVERLAP:
        return ""
    return (
        f"shows the brain elsewhere than the other sequences (Dice {overlap:.2f} at most): are they "
        "registered, and whole?"
    )


def _best(brain: BoolArray, others: list[BoolArray]) -> float:
    return max(
        2 * np.count_nonzero(brain & other) / (np.count_nonzero(brain) + np.count_nonzero(other))
        for other in others
    )
