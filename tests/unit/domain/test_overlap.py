"""Sequences that lie apart, or mirrored, on one grid: two boxes of different length make a brain."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.overlap import overlap_faults
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Modality, Volume

T1N, T1C, T2W, T2F = Modality
SHAPE = (60, 60, 60)
GRID = Grid(shape=SHAPE, affine=np.diag([3.0, 3.0, 3.0, 1.0]))


def brain() -> Volume:
    volume = np.zeros(SHAPE, dtype=np.float32)
    volume[10:50, 10:50, 10:50] = 100
    volume[50:54, 15:45, 15:45] = 100
    return volume


def details(**others: Volume) -> list[str]:
    volumes = {modality: others.get(modality.value, brain()) for modality in Modality}
    return [fault.detail for fault in overlap_faults(SampledStudy("s", volumes, GRID))]


def test_sequences_at_one_place_are_not_remarked_on() -> None:
    cropped = brain()
    cropped[:, :, :12] = 0

    assert details(t2f=cropped) == []


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_sequence_that_lies_elsewhere_is_named(axis: int) -> None:
    (detail,) = details(t1c=np.roll(brain(), 4, axis))

    assert detail.startswith("t1c shows the brain elsewhere than the other sequences (Dice 0.9")


def test_a_sequence_whose_array_is_mirrored_is_named() -> None:
    assert details(t2f=np.flip(brain(), 0)) == [
        "t2f lies on the other sequences with left and right exchanged: is its array mirrored?"
    ]


def test_of_two_sequences_that_lie_apart_one_is_named() -> None:
    volumes = {T1C: brain(), T2F: np.roll(brain(), 8, 1)}

    (fault,) = overlap_faults(SampledStudy("s", volumes, GRID))

    assert fault.kind is FaultKind.SEQUENCES_APART
    assert fault.kind.is_note
