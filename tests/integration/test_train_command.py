from __future__ import annotations

import json
from pathlib import Path

import pytest
from dependency_injector import providers

from command_line import gliobench
from fakes.fake_trainer import FakeTrainer
from gliobench.entrypoints.container import container

STRATA = {"a": "TMC×HGG", "b": "TMC×LGG", "c": "2013×HGG", "d": "CBICA×HGG", "e": "CBICA×LGG"}


@pytest.fixture
def trainer() -> FakeTrainer:
    return FakeTrainer(STRATA)


def train(trainer: FakeTrainer, out: Path, *options: str) -> tuple[int, str]:
    command = ["train", "grader", "cubes.npz", "masks.npz", "--out", str(out), *options]
    with container.grader_trainer.override(providers.Object(trainer)):
        result = gliobench(*command)
    return result.exit_code, result.output


def test_by_site_each_site_is_held_out_whole(trainer: FakeTrainer, tmp_path: Path) -> None:
    code, said = train(trainer, tmp_path, "--by-site")

    assert code == 0, said
    assert trainer.fits == [
        ("a", "b", "d", "e"),
        ("a", "b", "c"),
        ("c", "d", "e"),
        ("a", "b", "c", "d", "e"),
    ]
    rows = json.loads((tmp_path / "out_of_fold.json").read_text())
    assert {row["patient_id"]: row["fold"] for row in rows} == {
        "a": 2,
        "b": 2,
        "c": 0,
        "d": 1,
        "e": 1,
    }


def test_folds_of_another_run_and_sites_cannot_be_asked_for_together(
    trainer: FakeTrainer, tmp_path: Path
) -> None:
    code, said = train(trainer, tmp_path, "--by-site", "--folds-of", str(tmp_path))

    assert code == 2
    assert "leave --folds-of and --from out" in " ".join(said.split())
    assert trainer.fits == []


def test_of_one_site_alone_no_site_can_be_left_out(tmp_path: Path) -> None:
    code, said = train(FakeTrainer({"a": "TMC×HGG", "b": "TMC×LGG"}), tmp_path, "--by-site")

    assert code == 1
    assert "one site only, TMC" in said
