"""Whether the sequences of a study show the brain at one place, as registered ones do.

Shape and affine may agree where an image was shifted, mirrored or resampled without its header.
`docs/results/overlap.py` measures the rule on real studies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from gliobench.domain.geometry.grids import Axis, BoolArray
from gliobench.domain.studies.faults import Fault, FaultKind
from gliobench.domain.studies.sampled_study import SampledStudy

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


def overlap_faults(study: SampledStudy) -> Iterator[Fault]:
    """Name the sequences whose brain lies elsewhere than in all others, or mirrored."""
    brains = study.brains
    for modality in list(brains)[: len(brains) if len(brains) > 2 else 1]:
        others = [other for name, other in brains.items() if name is not modality]
        mirrored = (study.sample(np.flip(study.volumes[modality], axis)) != 0 for axis in Axis)
        if others and (detail := _odd_place(brains[modality], mirrored, others)):
            yield Fault(study.id, FaultKind.SEQUENCES_APART, f"{modality.value} {detail}")


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
