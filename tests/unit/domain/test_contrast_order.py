"""Sequences under each other's names, on a toy brain: grey tissue, CSF, vessels and a tumour."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.geometry.grids import Grid
from gliobench.domain.studies.contrast_order import brighter_by, contrast_faults
from gliobench.domain.studies.faults import FaultKind
from gliobench.domain.studies.sampled_study import SampledStudy
from gliobench.domain.studies.study import Modality

T1N, T1C, T2W, T2F = Modality
SHAPE = (24, 24, 24)
GRID = Grid(shape=SHAPE, affine=np.diag([3.0, 3.0, 3.0, 1.0]))
CSF, VESSELS = np.s_[10:18, 10:18, 4:18], np.s_[4:8, 4:8, :]
GREY = {T1N: (100, 20, 100), T1C: (100, 20, 260), T2W: (100, 300, 100), T2F: (100, 40, 100)}
"""Of the tissue, of CSF and of what takes up contrast agent."""
WHITE = {T1N: 20, T1C: 20, T2W: -20, T2F: -20}
"""How much brighter white matter is, which is a half of the tissue."""


def brain() -> dict[Modality, np.ndarray]:
    rng = np.random.default_rng(0)
    volumes = {}
    for modality, (tissue, csf, vessels) in GREY.items():
        volume = np.full(SHAPE, tissue, dtype=np.float32)
        volume[:, SHAPE[1] // 2 :] += WHITE[modality]
        volume[CSF], volume[VESSELS] = csf, vessels
        volumes[modality] = volume + rng.normal(0, 3, SHAPE).astype(np.float32)
    return volumes


def swapped(one: Modality, other: Modality) -> dict[Modality, np.ndarray]:
    volumes = brain()
    return {**volumes, one: volumes[other], other: volumes[one]}


def test_sequences_under_their_own_names_are_not_remarked_on() -> None:
    assert list(contrast_faults(SampledStudy("s", brain(), GRID))) == []


@pytest.mark.parametrize(
    ("one", "other", "where"),
    [(T1C, T1N, "vessels and enhancing tissue"), (T2W, T2F, "CSF"), (T2W, T1N, "CSF")],
)
def test_two_swapped_sequences_are_named(one: Modality, other: Modality, where: str) -> None:
    found = list(contrast_faults(SampledStudy("s", swapped(one, other), GRID)))

    assert {fault.kind for fault in found} == {FaultKind.CONTRAST_ORDER}
    said = f"{one.value} is not brighter than {other.value} in {where}: are they swapped?"
    assert said in [fault.detail for fault in found]
    assert found[0].kind.is_note


@pytest.mark.parametrize("t1", [T1N, T1C])
@pytest.mark.parametrize("absent", [(), ("other T1",)])
def test_flair_swapped_with_a_t1_is_named(t1: Modality, absent: tuple[str, ...]) -> None:
    volumes = swapped(t1, T2F)
    if absent:
        del volumes[T1C if t1 is T1N else T1N]

    found = [fault.detail for fault in contrast_faults(SampledStudy("s", volumes, GRID))]

    assert f"t2w resembles {t1.value} more than t2f: are {t1.value} and t2f swapped?" in found


def test_the_measure_turns_its_sign_round_with_the_sequences() -> None:
    volumes = brain()

    there, back = (brighter_by(volumes[a], volumes[b]) for a, b in ((T1C, T1N), (T1N, T1C)))

    assert there is not None
    assert there > 1
    assert back == pytest.approx(-there, abs=1e-5)


def test_units_and_offsets_of_intensities_do_not_matter() -> None:
    volumes = brain()

    first = brighter_by(volumes[T1C], volumes[T1N])

    assert brighter_by(7 * volumes[T1C] + 50, volumes[T1N]) == pytest.approx(first, abs=1e-4)


def test_one_image_under_two_names_is_named_and_in_no_order() -> None:
    (found,) = contrast_faults(SampledStudy("s", brain() | {T1C: brain()[T1N]}, GRID))

    assert found.detail == "t1n and t1c are the same image: which of them is it?"
    assert found.kind.is_note


def test_what_is_absent_or_constant_is_not_compared() -> None:
    volumes = swapped(T1C, T1N)
    flat = np.full(SHAPE, 5.0, dtype=np.float32)

    assert list(contrast_faults(SampledStudy("s", {T1C: volumes[T1C]}, GRID))) == []
    assert brighter_by(flat, volumes[T1N]) is None
    assert brighter_by(np.zeros_like(flat), volumes[T1N]) is None
    assert brighter_by(volumes[T1C][:12, :12], volumes[T1N][:12, :12]) is None  # 3,456 voxels
