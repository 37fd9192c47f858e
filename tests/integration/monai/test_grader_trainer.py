from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from gliobench.adapters.monai.fitting import Schedule, fit, load_network
from gliobench.adapters.monai.grader_trainer import (
    GraderBatches,
    GraderTrainer,
    Lesion,
    grader_loss,
)
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.networks import GraderNetwork
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.study import Grade

RNG = np.random.default_rng(0)
EDGE = 16


def a_lesion(number: int, grade: Grade) -> Lesion:
    volumes = RNG.normal(size=(4, EDGE, EDGE, EDGE)).astype(np.float32)
    volumes[:, :3] = 0
    regions = np.zeros((3, EDGE, EDGE, EDGE), dtype=np.float32)
    regions[:, 4:12, 4:12, 4:12] = 1
    volumes[:, 4:12, 4:12, 4:12] += 3
    return Lesion(f"p{number}", grade, volumes, regions)


LESIONS = [a_lesion(n, Grade.HGG if n < 6 else Grade.LGG) for n in range(8)]


def quiet(done: int, wanted: int, loss: float) -> None:
    assert 0 < done <= wanted
    assert loss > 0


def test_grades_are_drawn_equally_often_however_rare_one_is() -> None:
    batch = GraderBatches(LESIONS, batch_size=6, seed=0)(0)

    assert batch["hgg"].sum() == 3
    assert batch["volumes"].shape == (6, 4, EDGE, EDGE, EDGE)
    assert batch["regions"].shape == (6, 3, EDGE, EDGE, EDGE)


def test_the_same_step_gives_the_same_batch_and_another_another() -> None:
    batches = GraderBatches(LESIONS, batch_size=4, seed=0)
    batches(0)

    first, second = batches(1), GraderBatches(LESIONS, batch_size=4, seed=0)(1)

    for name, part in first.items():
        assert torch.equal(part, second[name])
    assert not torch.equal(first["volumes"], batches(2)["volumes"])


def test_background_stays_zero_in_every_modality() -> None:
    air = GraderBatches(LESIONS, batch_size=6, seed=0)(0)["volumes"] == 0

    assert air.flatten(1).any(dim=1).all()
    for channel in range(1, 4):
        assert torch.equal(air[:, channel], air[:, 0])


@pytest.mark.parametrize("grade", list(Grade))
def test_lesions_of_one_grade_alone_cannot_be_learned_from(grade: Grade) -> None:
    with pytest.raises(InvalidInputError, match="lesions of both grades"):
        GraderBatches([one for one in LESIONS if one.grade is grade], batch_size=2, seed=0)


def test_eight_lesions_are_learned_by_heart(tmp_path: Path) -> None:
    batch = {
        "volumes": torch.from_numpy(np.stack([one.volumes for one in LESIONS])),
        "regions": torch.from_numpy(np.stack([one.regions for one in LESIONS])),
        "hgg": torch.tensor([[float(one.grade is Grade.HGG)] for one in LESIONS]),
    }

    fit(
        GraderNetwork,
        batch_of=lambda _: batch,
        loss_of=grader_loss,
        schedule=Schedule(steps=40, learning_rate=5e-3, average=0.8),
        folder=tmp_path,
        progress=quiet,
    )

    curve = np.loadtxt(tmp_path / "curve.csv", delimiter=",", skiprows=1)[:, 1]
    assert curve[0] > 1.0
    assert np.mean(curve[-5:]) < 0.25  # 0.12 is what smooth labels leave
    with torch.inference_mode():
        logits = load_network(GraderNetwork, tmp_path)(batch["volumes"])
    assert torch.equal(logits > 0, batch["hgg"] > 0.5)


def test_a_fit_learns_from_the_patients_it_is_given_and_predicts_the_others(
    tmp_path: Path,
) -> None:
    cubes = [
        LesionCube(
            one.patient_id, one.grade, (0, 0, 0), one.volumes, np.ones((EDGE,) * 3, np.uint8)
        )
        for one in LESIONS
    ]
    trainer = GraderTrainer(
        cubes, None, sites={"p0": "TMC"}, schedule=Schedule(steps=1), batch_size=2
    )

    trainer.fit(["p0", "p7"], tmp_path, quiet)
    rows = trainer.predict(["p1", "p6"], tmp_path)

    assert [(row["patient_id"], row["grade"]) for row in rows] == [("p1", "HGG"), ("p6", "LGG")]
    assert all(np.isfinite(row["logit"]) for row in rows)
    assert trainer.strata()["p0"] == "TMC×HGG"
    assert trainer.training_data().patients == tuple(f"p{n}" for n in range(8))
