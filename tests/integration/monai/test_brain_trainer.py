from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from fakes.fake_preparation import fake_template
from fakes.fake_study_source import FakeStudySource
from gliobench.adapters.monai.brain_trainer import (
    BRAIN_NETWORK,
    SHOWN_TOO_FAR_MM,
    BrainTrainer,
    HeadBatches,
    stripped_brain,
    trained_brain,
)
from gliobench.adapters.monai.fitting import Schedule
from gliobench.adapters.monai.random_heads import EDGE_MM, Chance, StrippedBrain, random_head
from gliobench.adapters.onnx.network import OnnxNetwork
from gliobench.application.prepare.network_brain import template_depth_mm
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Grid
from gliobench.domain.labels.regions import Region
from gliobench.domain.networks.brain_input import BRAIN_GRID
from gliobench.domain.networks.input import MODALITY_ORDER
from gliobench.domain.networks.model_card import BRAIN
from gliobench.domain.studies.patients import patient_hash
from gliobench.domain.studies.study import Case, Grade, Reference, Study

MIDDLE_MM, RADII_MM = np.array([-118.5, 111.5, 75.5]), np.array([64.0, 80, 60])


def a_case(study_id: str, *, edge_mm: float = 4.0) -> Case:
    """Draw an ellipsoid of a brain in BraTS's place, with a tumour in its middle."""
    shape = tuple(int(n) for n in np.ceil(2 * (RADII_MM + 8) / edge_mm))
    affine = np.diag([edge_mm, edge_mm, edge_mm, 1.0])
    affine[:3, 3] = MIDDLE_MM - edge_mm * (np.array(shape) - 1) / 2
    grid = Grid(shape, affine)
    places = np.stack(np.indices(shape), -1) * edge_mm + affine[:3, 3]
    far = np.linalg.norm((places - MIDDLE_MM) / RADII_MM, axis=-1)
    volumes = {m: np.where(far <= 1, 300, 0).astype(np.float32) for m in MODALITY_ORDER}
    study = Study(study_id, study_id, grid, volumes, site="a")
    return Case(study, Reference(Grade.LGG, {Region.WT: far < 0.2}))


def a_trainer(*study_ids: str, held_out: tuple[str, ...] = ()) -> BrainTrainer:
    source = FakeStudySource([a_case(name) for name in study_ids])
    return BrainTrainer(source, fake_template, schedule=Schedule(steps=1), held_out=held_out)


def quiet(done: int, wanted: int, loss: float) -> None:
    """Show nothing."""


@cache
def a_brain() -> StrippedBrain:
    return stripped_brain(a_case("x").study)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("brain")
    a_trainer("a", "b", "c", held_out=("c",)).fit(["a", "b"], folder, quiet)
    return folder


def test_a_brain_is_measured_against_its_median_and_to_the_border() -> None:
    brain = a_brain()

    far = np.linalg.norm(
        (
            np.stack(np.indices(BRAIN_GRID.shape), -1) * EDGE_MM
            + BRAIN_GRID.affine[:3, 3]
            - MIDDLE_MM
        )
        / RADII_MM,
        axis=-1,
    )
    depth_mm = brain.depth_mm.numpy() + SHOWN_TOO_FAR_MM
    assert abs((depth_mm > 0).sum() / (far < 1).sum() - 1) < 0.02
    assert abs(depth_mm[28, 31, 28] - 60) < 4
    assert torch.allclose(brain.volumes[:, 28, 31, 28], torch.ones(4), atol=0.01)


def test_studies_elsewhere_are_refused() -> None:
    study = a_case("x").study
    away = np.array(study.grid.affine)
    away[:3, 3] += 500
    moved = Study("x", "x", Grid(study.grid.shape, away), study.volumes)

    with pytest.raises(InvalidInputError, match="no brain in the place"):
        stripped_brain(moved)


@pytest.mark.parametrize("seed", range(12))
def test_a_random_head_holds_its_brain_and_more(seed: int) -> None:
    head = random_head(a_brain(), Chance(seed))

    assert head.volumes.isfinite().all()
    assert head.volumes.min() >= 0
    brain = head.share >= 0.5
    truth = a_brain().depth_mm > 0
    assert 0.7 < brain.sum() / truth.sum() < 1.4
    assert (head.volumes.amax(0)[~brain] > 0.2).sum() > 0.1 * brain.sum()


def test_a_seed_decides_the_head() -> None:
    one, same, other = (random_head(a_brain(), Chance(0, step)) for step in (1, 1, 2))

    assert torch.equal(one.volumes, same.volumes)
    assert not torch.equal(one.volumes, other.volumes)


def test_a_batch_shows_one_head_by_two_choices_of_images() -> None:
    batch = HeadBatches([a_brain()], template_depth_mm(fake_template()), seed=0)(3)

    assert batch["volumes"].shape == (2, 5, *BRAIN_GRID.shape)
    assert torch.equal(batch["share"][0], batch["share"][1])
    shown = batch["volumes"][:, :4].flatten(2).any(2)
    assert shown.any(1).all()


def test_what_a_fit_leaves_answers_in_onnx_as_in_pytorch(fitted: Path) -> None:
    inputs = HeadBatches([a_brain()], template_depth_mm(fake_template()), seed=1)(0)["volumes"]
    trained = trained_brain(fitted, a_trainer("a", "b").training_data(["a", "b"]))
    exported = OnnxNetwork(fitted / BRAIN_NETWORK, kind=BRAIN, threads=1)

    logits = exported.run(inputs.numpy())

    assert exported.card == trained.card
    np.testing.assert_allclose(logits, trained.run(inputs.numpy()), atol=1e-3)


def test_patients_that_are_held_out_are_not_learned_from(fitted: Path) -> None:
    trainer = a_trainer("a", "b", "c", held_out=("c",))
    card = OnnxNetwork(fitted / BRAIN_NETWORK, kind=BRAIN, threads=1).card

    assert sorted(trainer.strata()) == ["a", "b"]
    assert sorted(card.trained_on) == sorted(map(patient_hash, ("a", "b")))


def test_a_patient_who_is_not_there_cannot_be_held_out() -> None:
    with pytest.raises(InvalidInputError, match="no patient z"):
        a_trainer("a", held_out=("z",))


def test_nothing_can_be_learned_where_all_are_held_out() -> None:
    with pytest.raises(InvalidInputError, match="no patient is left"):
        a_trainer("a", held_out=("a",))


def test_each_held_out_study_is_judged_by_its_brain(fitted: Path) -> None:
    (row,) = a_trainer("a", "b").predict(["b"], fitted)

    assert row["study_id"] == "b"
    assert 0 <= float(str(row["dice_brain"])) <= 1
