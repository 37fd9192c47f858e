from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("monai", reason="the extra `train` is not installed")

import torch

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.monai.fitting import Schedule, load_network
from gliobench.adapters.monai.lesions import LesionCube
from gliobench.adapters.monai.localizer_trainer import LocalizerTrainer
from gliobench.adapters.monai.networks import coarse_network
from gliobench.application.train.cross_validate import CrossValidation
from gliobench.domain.errors import JobError, NotFoundError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.networks.input import LocalizerGeometry
from gliobench.domain.studies.study import Case, Grade

pytestmark = pytest.mark.usefixtures("small_localizer")

SMALL = LocalizerGeometry(shape=(16, 16, 16))


def quiet(done: int, wanted: int, loss: float) -> None:
    """Tell nobody."""


def a_case(study_id: str, **changes: str) -> Case:
    tumour = Box3D(start=(8, 8, 8), stop=(24, 24, 24))
    return fake_case(
        study_id, shape=(30, 30, 30), spacing_mm=(2.0, 2.0, 2.0), tumour=tumour, **changes
    )


CASES = [a_case("a-1", patient_id="a"), a_case("a-2", patient_id="a"), a_case("b")]


def cube(patient_id: str) -> LesionCube:
    volumes = np.ones((4, 32, 32, 32), np.float32)
    return LesionCube(patient_id, Grade.HGG, (40, 40, 40), volumes, np.ones((32,) * 3, np.uint8))


def trainer(
    cases: list[Case] = CASES,
    *cubes: LesionCube,
    phantoms: int = 0,
    earlier: Path | None = None,
    seed: int = 0,
) -> LocalizerTrainer:
    simulated = FakeStudySource([a_case(f"phantom-{n}") for n in range(phantoms)])
    return LocalizerTrainer(
        FakeStudySource(cases),
        cubes,
        simulated if phantoms else None,
        schedule=Schedule(steps=1, seed=seed),
        batch_size=2,
        geometry=SMALL,
        earlier=earlier,
    )


def test_every_study_of_a_patient_is_judged(tmp_path: Path) -> None:
    taught = trainer()
    taught.fit(["b"], tmp_path, quiet)

    rows = taught.predict(["a"], tmp_path)

    assert [(row["study_id"], row["patient_id"]) for row in rows] == [("a-1", "a"), ("a-2", "a")]


def test_lesions_of_patients_held_out_are_neither_learned_from_nor_claimed() -> None:
    taught = trainer(CASES, cube("a"), cube("b"), cube("c"))

    assert taught.training_data(["a"]).patients == ("a", "c")
    assert taught.training_data(["a", "b"]).patients == ("a", "b", "c")


def test_lesions_of_patients_without_a_study_are_learned_once_for_all_folds(tmp_path: Path) -> None:
    taught = trainer(CASES, cube("a"), cube("b"), cube("c"))
    taught.fit(["b"], tmp_path / "fold-0", quiet)
    (learned,) = tmp_path.glob("lesions-*")
    checkpoints = {path: path.stat().st_mtime_ns for path in learned.glob("*/checkpoint.pt")}

    taught.fit(["a"], tmp_path / "fold-1", quiet)

    assert {path.parent.name for path in checkpoints} == {"coarse", "fine"}
    assert {
        path: path.stat().st_mtime_ns for path in tmp_path.glob("lesions-*/*/*.pt")
    } == checkpoints


def test_no_lesion_of_a_patient_with_a_study_is_learned_by_all_folds(tmp_path: Path) -> None:
    trainer(CASES, cube("a"), cube("b")).fit(["b"], tmp_path / "fold-0", quiet)

    assert not list(tmp_path.glob("lesions-*"))


@pytest.fixture(scope="module")
def earlier(small_localizer: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has learned from patient b, and says so; only read."""
    run = tmp_path_factory.mktemp("run") / "earlier"
    validation = CrossValidation(trainer(), run, folds=2, settled={"a": 0, "b": 1})
    validation.run_fold(0, lambda name: quiet)
    return run


def test_a_fit_goes_on_from_the_networks_of_an_earlier_run(earlier: Path, tmp_path: Path) -> None:
    trainer(CASES, earlier=earlier, seed=1).fit(["b"], tmp_path / "later" / "fold-0", quiet)

    before, after = (
        load_network(coarse_network, run / "fold-0" / "coarse").parameters()
        for run in (earlier, tmp_path / "later")
    )
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_a_fit_goes_on_from_no_network_that_has_seen_who_is_held_out(
    earlier: Path, tmp_path: Path
) -> None:
    with pytest.raises(JobError, match="fold-0 has learned from other data"):
        trainer(CASES, earlier=earlier).fit(["a"], tmp_path / "later" / "fold-0", quiet)


def test_a_fit_goes_on_from_no_run_without_such_a_fit(earlier: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="fold-1/training_data.json is not there"):
        trainer(CASES, earlier=earlier).fit(["a"], tmp_path / "later" / "fold-1", quiet)


def other_mask() -> list[Case]:
    tumour = replace(CASES[0].reference, regions=fake_case(shape=(30, 30, 30)).reference.regions)
    return [Case(CASES[0].study, tumour), *CASES[1:]]


def other_grade() -> list[Case]:
    return [Case(CASES[0].study, replace(CASES[0].reference, grade=Grade.LGG)), *CASES[1:]]


@pytest.mark.parametrize(
    "other",
    [
        lambda: trainer(CASES, cube("c")),
        lambda: trainer(phantoms=1),
        lambda: trainer(CASES[1:]),
        lambda: trainer(other_mask()),
        lambda: trainer(other_grade()),
    ],
    ids=["cubes", "phantoms", "a-study-less", "mask", "grade"],
)
def test_other_data_has_another_hash(other: Callable[[], LocalizerTrainer]) -> None:
    told = trainer().training_data(["a", "b"]).sha256

    assert other().training_data(["a", "b"]).sha256 != told
    assert trainer().training_data(["b", "a"]).sha256 == told
