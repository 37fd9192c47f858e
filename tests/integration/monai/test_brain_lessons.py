from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

from gliobench.adapters.monai.brain_lessons import SEAM, TrainingStudy, healed, with_cavity
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.studies.study import Grade, Modality

LEFT = slice(4, 14)
RIGHT = slice(14, 24)
"""The two halves of the brain: voxels 4 to 23 along i."""


def study(tumour_at: slice) -> TrainingStudy:
    rng = np.random.default_rng(0)
    volumes = np.zeros((4, 30, 12, 12), dtype=np.float32)
    volumes[:, 4:24, 2:10, 2:10] = rng.normal(size=(4, 20, 8, 8))
    labels = np.zeros((30, 12, 12), dtype=np.uint8)
    labels[tumour_at, 4:8, 4:8] = 4
    return TrainingStudy(volumes, labels, Grade.HGG)


def test_a_healed_brain_mirrors_the_half_without_a_tumour() -> None:
    ill = study(slice(5, 9))

    brain = healed(ill)

    assert brain is not None
    assert not brain.labels.any()
    np.testing.assert_array_equal(brain.volumes[:, RIGHT], ill.volumes[:, RIGHT])
    far = brain.volumes[:, 4 : 14 - SEAM]
    np.testing.assert_allclose(far, ill.volumes[:, 14 + SEAM : 24][:, ::-1], rtol=1e-6)


def test_near_the_midline_both_halves_pass_into_one_another() -> None:
    ill = study(slice(5, 9))

    brain = healed(ill)

    assert brain is not None
    mirrored = ill.volumes[:, 27 - 13]
    share = 0.5 / SEAM  # voxel 13 lies half a voxel from the midline at 13.5
    wanted = ill.volumes[:, 13] * (1 - share) + mirrored * share
    np.testing.assert_allclose(brain.volumes[:, 13], wanted, rtol=1e-5, atol=1e-6)


def test_the_study_itself_stays_as_it_was() -> None:
    ill = study(slice(5, 9))
    before = ill.volumes.copy()

    healed(ill)

    np.testing.assert_array_equal(ill.volumes, before)
    assert ill.labels.any()


@pytest.mark.parametrize("tumour_at", [slice(8, 20), slice(0, 0)], ids=["both halves", "no tumour"])
def test_a_brain_with_tumour_in_both_halves_or_none_is_not_healed(tumour_at: slice) -> None:
    assert healed(study(tumour_at)) is None


def test_an_empty_study_is_not_healed() -> None:
    assert healed(TrainingStudy(np.zeros((4, 8, 8, 8), np.float32), np.ones((8, 8, 8)))) is None


def test_a_cavity_is_as_dark_as_fluid_but_in_t2_and_no_tumour() -> None:
    volumes = study(slice(0)).volumes
    labels = np.zeros((1, 30, 12, 12), dtype=np.float32)
    labels[:, 6:12, 3:9, 3:9] = 2
    labels[:, 8:10, 4:8, 4:8] = 4
    labels[:, 8, 5, 5] = 1
    core = np.isin(labels[0], (1, 4))
    before = volumes.copy()

    with_cavity(volumes, labels, np.random.default_rng(0))

    assert not labels[0][core].any()
    assert (labels[0][6:8, 3:9, 3:9] == 2).all()
    np.testing.assert_array_equal(volumes[:, ~core], before[:, ~core])
    brain = (before != 0).any(0)
    for channel, old, modality in zip(volumes, before, MODALITY_ORDER, strict=True):
        wanted = np.percentile(old[brain], 98 if modality is Modality.T2W else 3)
        assert channel[core].mean() == pytest.approx(wanted, abs=0.06)


def test_where_there_is_no_core_nothing_changes() -> None:
    volumes = study(slice(0)).volumes
    before = volumes.copy()

    with_cavity(volumes, np.full((1, 30, 12, 12), 2, np.float32), np.random.default_rng(0))

    np.testing.assert_array_equal(volumes, before)
