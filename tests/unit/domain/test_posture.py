"""A brain of two blocks: narrower in front, and what lies low lies behind."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.posture import posture_faults
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Modality, Volume

SHAPE = (50, 60, 50)
GRID = Grid(shape=SHAPE, affine=np.diag([3.0, 3.0, 3.0, 1.0]))


def brain() -> Volume:
    i, j, k = np.indices(SHAPE)
    tapers = np.abs(i - 24.5) < 21 - 0.25 * j
    low_in_front = (k < 18) & (j > 25)
    inside = tapers & (j >= 5) & (j < 55) & (k >= 8) & (k < 42) & ~low_in_front
    return inside.astype(np.float32) * 100


def details(volume: Volume, **others: Volume) -> list[str]:
    volumes = {modality: others.get(modality.value, volume) for modality in Modality}
    grid = Grid(shape=volume.shape, affine=GRID.affine)
    return [fault.detail for fault in posture_faults(SampledStudy("s", volumes, grid))]


def test_a_brain_that_lies_as_its_header_says_is_not_remarked_on() -> None:
    assert details(brain()) == []
    assert details(np.flip(brain(), 0)) == []


@pytest.mark.parametrize(
    ("axes", "sides"),
    [
        ((1,), "front and back"),
        ((2,), "top and bottom"),
        ((1, 2), "front and back and top and bottom"),
    ],
)
def test_a_brain_that_is_turned_is_named(axes: tuple[int, ...], sides: str) -> None:
    (detail,) = details(np.flip(brain(), axes))

    assert detail.startswith(f"the brain has the shape of one with {sides} exchanged: places,")


def test_axes_in_another_order_are_named() -> None:
    (detail,) = details(np.transpose(brain(), (1, 0, 2)))

    assert detail.startswith(
        "the brain is most symmetric along another axis than from left to right"
    )


def test_front_and_top_in_the_place_of_each_other_are_named() -> None:
    (detail,) = details(np.swapaxes(brain(), 1, 2))

    assert "exchanged" in detail


@pytest.mark.parametrize("edges", [(3, 3, 6), (3, 3, 1.2), (6, 3, 3)])
def test_edges_that_no_brain_has_are_named(edges: tuple[float, float, float]) -> None:
    grid = Grid(shape=SHAPE, affine=np.diag([*edges, 1.0]))

    smaller = brain()
    smaller[:, :, :11] = 0

    (fault,) = posture_faults(
        SampledStudy("s", {Modality.T1C: brain(), Modality.T2F: smaller}, grid)
    )

    assert " mm wide, " in fault.detail


def test_sequences_that_disagree_are_not_remarked_on() -> None:
    assert details(np.flip(brain(), 1), t1c=brain()) == []


def test_it_is_a_note_by_a_name_of_its_own() -> None:
    (fault,) = posture_faults(SampledStudy("s", {Modality.T1C: np.flip(brain(), 2)}, GRID))

    assert fault.kind is FaultKind.ODD_ORIENTATION
    assert fault.kind.is_note


def test_a_ball_lies_no_way_round() -> None:
    ball = (
        np.linalg.norm(np.indices(SHAPE) - np.array([25, 30, 25])[:, None, None, None], axis=0) < 20
    )

    assert details(ball.astype(np.float32)) == []
