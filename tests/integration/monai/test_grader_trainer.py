from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.monai.fitting import Schedule, fit, load_network
from gliobench.adapters.monai.grader_trainer import (
    GraderBatches,
    GraderTrainer,
    Lesion,
)
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.networks import GraderNetwork, grader_loss
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.studies.study import Grade

RNG = np.random.default_rng(0)
EDGE = 16


def a_lesion(number: int, grade: Grade) -> Lesion:
    volumes = RNG.normal(size=(4, EDGE, EDGE, EDGE)).astype(np.float32)
    volumes[:, :3] = 0
    regions = np.zeros((3, EDGE, EDGE, EDGE), dtype=np.float32)
    regions[:, 4:12, 4:12, 4:12] = 1
    volumes[:, 4:12, 4:12, 4:12] += 3
    return Lesion(f"p{number}", grade, volumes, regions, site=None, sha256=f"{number}")


LESIONS = [a_lesion(n, Grade.HGG if n < 6 else Grade.LGG) for n in range(8)]


def quiet(done: int, wanted: int, loss: float) -> None:
    assert 0 < done <= wanted
    assert loss > 0


def test_grades_are_drawn_equally_often_however_rare_one_is() -> None:
    batch = GraderBatches(LESIONS, batch_size=6, seed=0)(0)

    assert batch["hgg"].sum() == 3
    assert batch["volumes"].shape == (6, 4, EDGE, EDGE, EDGE)
    assert batch["regions"].shape == (6, 3, EDGE, EDGE, EDGE)


def test_within_a_grade_all_sites_are_drawn_equally_often() -> None:
    sites = ["near"] * 5 + ["far"] + [None] * 2
    lesions = [replace(one, site=site) for one, site in zip(LESIONS, sites, strict=True)]
    batches = GraderBatches(lesions, batch_size=2, seed=0)
    rng = np.random.default_rng(0)

    drawn = [batches._lesion(list(Grade).index(Grade.HGG), rng).site for _ in range(1000)]

    assert 450 < drawn.count("far") < 550
    assert drawn.count("near") + drawn.count("far") == 1000


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
        schedule=Schedule(steps=50, learning_rate=5e-3, average=0.8),
        folder=tmp_path,
        progress=quiet,
    )

    curve = np.loadtxt(tmp_path / "curve.csv", delimiter=",", skiprows=1)[:, 1]
    assert curve[0] > 1.0
    assert np.mean(curve[-5:]) < 0.25  # 0.12 is what smooth labels leave
    with torch.inference_mode():
        logits = load_network(GraderNetwork, tmp_path)(batch["volumes"])
    assert torch.equal(logits > 0, batch["hgg"] > 0.5)


def cubes() -> list[LesionCube]:
    mask = np.ones((EDGE,) * 3, np.uint8)
    return [LesionCube(one.patient_id, one.grade, (0, 0, 0), one.volumes, mask) for one in LESIONS]


def trainer_of(cubes: list[LesionCube], source: FakeStudySource | None = None) -> GraderTrainer:
    return GraderTrainer(
        cubes, source, sites={"p0": "TMC"}, schedule=Schedule(steps=1), batch_size=2
    )


def test_a_fit_learns_from_the_patients_it_is_given_and_predicts_the_others(
    tmp_path: Path,
) -> None:
    trainer = trainer_of(cubes())

    trainer.fit(["p0", "p7"], tmp_path, quiet)
    rows = trainer.predict(["p1", "p6"], tmp_path)

    assert [(row["patient_id"], row["grade"]) for row in rows] == [("p1", "HGG"), ("p6", "LGG")]
    assert all(np.isfinite(row["logit"]) for row in rows)
    assert trainer.strata()["p0"] == "TMC×HGG"
    assert trainer.training_data(["p7", "p0"]).patients == ("p0", "p7")


@pytest.fixture(scope="module")
def with_studies() -> GraderTrainer:
    """A trainer of cubes of 32³ voxels, and of two studies, one of a patient with a cube."""
    mask = np.ones((32,) * 3, np.uint8)
    volumes = RNG.normal(size=(4, 32, 32, 32)).astype(np.float32)
    cubes = [LesionCube(f"p{n}", list(Grade)[n], (0, 0, 0), volumes, mask) for n in range(2)]
    shape = {"shape": (40, 40, 40), "tumour": Box3D(start=(8, 8, 8), stop=(24, 24, 24))}
    studies = [
        fake_case("again", patient_id="p1", grade=list(Grade)[1], **shape),
        fake_case("alone", patient_id="p9", grade=Grade.LGG, site="TCIA", **shape),
        fake_case("ungraded", patient_id="p8", grade=None, **shape),
    ]
    return trainer_of(cubes, FakeStudySource(studies))


def test_a_patient_with_a_study_alone_is_dealt_learned_from_and_judged(
    with_studies: GraderTrainer, tmp_path: Path
) -> None:
    assert set(with_studies.strata()) == {"p0", "p1", "p9"}
    assert with_studies.strata()["p9"] == "TCIA×LGG"

    with_studies.fit(["p0", "p1"], tmp_path, quiet)
    rows = with_studies.predict(["p1", "p9"], tmp_path)

    assert [(row["patient_id"], row["site"]) for row in rows] == [("p1", None), ("p9", "TCIA")]


def test_what_a_fit_learns_from_is_told_by_patient(with_studies: GraderTrainer) -> None:
    told = [with_studies.training_data(one) for one in (["p0", "p1"], ["p0", "p1", "p9"], ["p1"])]

    assert [one.patients for one in told] == [("p0", "p1"), ("p0", "p1", "p9"), ("p1",)]
    assert len({one.sha256 for one in told}) == 3
