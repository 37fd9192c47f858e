"""Masks made of the probabilities that nnU-Net saves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fakes.fake_study_source import fake_case
from gliobench.adapters.command.probabilities import NpzProbabilities
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.conventions import BUILT_IN
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
)

STUDY = fake_case("case_000", shape=(4, 3, 2)).study
NNUNET = BUILT_IN["nnunet-brats"]


def read(
    folder: Path, channels: NDArray[np.generic], *, threshold: float = 0.5, study=STUDY
) -> LocalisationPrediction | Failure:
    np.savez(folder / "case_000.npz", probabilities=channels)
    return NpzProbabilities(folder, NNUNET, threshold).localise(study)


def mask_of(said: LocalisationPrediction | Failure) -> Mask:
    assert isinstance(said, LocalisationPrediction), said
    mask = said.answers[Form.MASK]
    assert isinstance(mask, Mask)
    return mask


def test_channels_of_regions_are_cut_at_the_threshold_and_inner_ones_extend_outer_ones(
    tmp_path: Path,
) -> None:
    channels = np.zeros((3, 2, 3, 4), np.float16)  # regions, k, j, i
    channels[:, 1, 2, 3] = (0.8, 0.2, 0.1)
    channels[:, 0, 1, 2] = (0.3, 0.6, 0.1)

    at_half = mask_of(read(tmp_path, channels))
    at_most = mask_of(read(tmp_path, channels, threshold=0.7))

    assert np.argwhere(at_half.regions[Region.TC]).tolist() == [[2, 1, 0]]
    assert np.argwhere(at_half.whole).tolist() == [[2, 1, 0], [3, 2, 1]]
    assert np.argwhere(at_most.whole).tolist() == [[3, 2, 1]]


def test_channels_of_tissues_are_summed_over_a_region(tmp_path: Path) -> None:
    channels = np.zeros((4, 2, 3, 4), np.float32)  # background, oedema, necrosis, enhancing
    channels[0] = 1.0
    channels[:, 1, 2, 3] = (0.3, 0.1, 0.3, 0.3)

    mask = mask_of(read(tmp_path, channels))

    assert np.argwhere(mask.whole).tolist() == [[3, 2, 1]]  # 0.7
    assert mask.regions[Region.TC].sum() == 1  # 0.6
    assert mask.regions[Region.ET].sum() == 0  # 0.3


def test_probabilities_lie_in_the_orientation_of_the_files(tmp_path: Path) -> None:
    native = Grid(shape=(4, 3, 2), affine=np.diag([-1.0, 1.0, 1.0, 1.0]))
    grid = Grid(
        shape=(4, 3, 2),
        affine=np.array([[1.0, 0, 0, -3], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]),
    )
    channels = np.zeros((3, 2, 3, 4), np.float32)
    channels[:, 1, 2, 0] = 0.9

    mask = mask_of(read(tmp_path, channels, study=replace(STUDY, grid=grid, native_grid=native)))

    assert np.argwhere(mask.whole).tolist() == [[3, 2, 1]]


def test_how_sure_it_was_stands_beside_the_answer(tmp_path: Path) -> None:
    channels = np.zeros((3, 2, 3, 4), np.float32)
    channels[0, 0, 0, :2] = (0.8, 0.6)

    said = read(tmp_path, channels)

    assert isinstance(said, LocalisationPrediction)
    assert said.raw[Form.MASK] == "P(WT) at most 0.800, on average 0.700 within the mask"
    assert said.confidence == pytest.approx(2.8 / 3.4)  # 2 (0.8 + 0.6) / (0.8 + 0.6 + 2)
    assert said.region_confidence == {
        Region.WT: pytest.approx(2.8 / 3.4),
        Region.TC: 1.0,
        Region.ET: 1.0,
    }


def test_numbers_that_are_no_probabilities_state_no_confidence(tmp_path: Path) -> None:
    channels = np.full((3, 2, 3, 4), -2.0, np.float32)
    channels[0, 0, 0, 0] = 3.0

    said = read(tmp_path, channels)

    assert isinstance(said, LocalisationPrediction)
    assert (said.confidence, said.region_confidence) == (None, {})


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        (np.zeros((2, 2, 3, 4), np.float32), "2 channels: wanted 4 of tissues or 3 of regions"),
        (np.zeros((3, 4, 3, 2), np.float32), "wanted floats (C, 2, 3, 4)"),
        (np.zeros((3, 2, 3, 4), np.int16), "wanted floats"),
        (np.full((3, 2, 3, 4), np.nan, np.float32), "NaN or infinity"),
        (np.array([{}], dtype=object), "allow_pickle"),
        (np.zeros((3, 20, 30, 400), np.float64), "wanted probabilities"),
    ],
)
def test_what_is_no_probability_fails_the_study(
    tmp_path: Path, channels: NDArray[np.generic], words: str
) -> None:
    said = read(tmp_path, channels)

    assert isinstance(said, Failure)
    assert said.reason is FailureReason.UNREADABLE_PREDICTION
    assert words in said.detail


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive"])
def test_what_is_no_archive_fails_the_study(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "case_000.npz").write_bytes(content)

    said = NpzProbabilities(tmp_path, NNUNET, 0.5).localise(STUDY)

    assert isinstance(said, Failure)
    assert said.reason is FailureReason.UNREADABLE_PREDICTION
