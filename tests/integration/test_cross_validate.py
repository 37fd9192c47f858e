"""Cross-validation keeps what it has done in a folder, so its tests have one."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest

from fakes.fake_trainer import FakeTrainer
from gliobench.application.ports.trainer import Progress
from gliobench.application.train.cross_validate import CrossValidation
from gliobench.domain.errors import InvalidInputError, JobError

STRATA = {f"p{n:02d}": "TMC×HGG" if n % 3 else "TMC×LGG" for n in range(11)}


def quiet(name: str) -> Progress:
    assert name

    def progress(done: int, wanted: int, loss: float) -> None:
        assert 0 < done <= wanted
        assert loss > 0

    return progress


def run_all(run: CrossValidation) -> None:
    for fold in range(run.folds):
        run.run_fold(fold, quiet)


def test_every_patient_is_held_out_once_and_not_learned_from(tmp_path: Path) -> None:
    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3)

    run_all(run)
    rows = run.out_of_fold()

    assert sorted(row["patient_id"] for row in rows) == sorted(STRATA)
    for row in rows:
        assert row["patient_id"] not in row["learned_from"]
        others = {p for p, fold in run.assigned().items() if fold != row["fold"]}
        assert set(row["learned_from"]) == others


def test_held_out_predictions_are_kept_in_one_file(tmp_path: Path) -> None:
    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=2)

    run_all(run)
    rows = run.out_of_fold()

    assert json.loads((tmp_path / "out_of_fold.json").read_text()) == rows
    assert not list(tmp_path.rglob("*.tmp"))


def test_a_fold_that_is_done_is_not_fitted_again(tmp_path: Path) -> None:
    run_all(CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3))
    again = FakeTrainer(STRATA)

    rows = CrossValidation(again, tmp_path, folds=3).run_fold(1, quiet)

    assert again.fits == []
    assert all(row["fold"] == 1 for row in rows)


def test_a_run_that_broke_goes_on_with_the_fold_that_broke(tmp_path: Path) -> None:
    broken = CrossValidation(FakeTrainer(STRATA, breaks_on_fit=2), tmp_path, folds=3)
    with pytest.raises(JobError):
        run_all(broken)
    resumed = FakeTrainer(STRATA)

    run = CrossValidation(resumed, tmp_path, folds=3)
    run_all(run)

    assert len(resumed.fits) == 2
    assert sorted(row["patient_id"] for row in run.out_of_fold()) == sorted(STRATA)


@pytest.mark.parametrize(
    "other",
    [
        CrossValidation(FakeTrainer({**STRATA, "p99": "TMC×HGG"}), Path(), folds=3),
        CrossValidation(FakeTrainer(STRATA), Path(), folds=3, seed=1),
        CrossValidation(FakeTrainer(STRATA), Path(), folds=4),
        CrossValidation(FakeTrainer(STRATA), Path(), folds=3, settled=dict.fromkeys(STRATA, 2)),
    ],
    ids=["patients", "seed", "folds", "settled"],
)
def test_a_folder_with_other_folds_is_refused(tmp_path: Path, other: CrossValidation) -> None:
    CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3).run_fold(0, quiet)
    run = CrossValidation(
        other.trainer, tmp_path, folds=other.folds, seed=other.seed, settled=other.settled
    )

    with pytest.raises(JobError, match=r"folds\.json is of other patients or another seed"):
        run.run_fold(1, quiet)


@pytest.mark.parametrize("fold", [-1, 3])
def test_a_fold_that_there_is_not_is_refused(tmp_path: Path, fold: int) -> None:
    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3)

    with pytest.raises(InvalidInputError, match=f"no fold {fold}: wanted 0 to 2"):
        run.run_fold(fold, quiet)


def test_predictions_are_not_gathered_before_every_fold_is_done(tmp_path: Path) -> None:
    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3)
    run.run_fold(0, quiet)

    with pytest.raises(JobError, match="fold 1 has not been run"):
        run.out_of_fold()
    assert not (tmp_path / "out_of_fold.json").exists()


def test_the_final_network_learns_from_everyone_and_says_from_whom(tmp_path: Path) -> None:
    trainer = FakeTrainer(STRATA)

    folder = CrossValidation(trainer, tmp_path, folds=3).run_final(quiet)

    assert trainer.fits == [tuple(sorted(STRATA))]
    kept = json.loads((folder / "training_data.json").read_text())
    assert kept == {"patients": sorted(STRATA), "sha256": "0f" * 32}


def test_a_fold_says_from_whom_it_learned(tmp_path: Path) -> None:
    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3)

    run.run_fold(1, quiet)

    kept = json.loads((tmp_path / "fold-1" / "training_data.json").read_text())
    others = [patient for patient, fold in run.assigned().items() if fold != 1]
    assert kept == {"patients": sorted(others), "sha256": "0f" * 32}


@pytest.mark.parametrize("breaks_on_fit", [None, 1], ids=["done", "interrupted"])
@pytest.mark.parametrize("final", [False, True], ids=["a-fold", "the-final-fit"])
def test_a_fit_does_not_go_on_with_other_data(
    tmp_path: Path, breaks_on_fit: int | None, *, final: bool
) -> None:
    def go(trainer: FakeTrainer) -> None:
        run = CrossValidation(trainer, tmp_path, folds=3)
        run.run_final(quiet) if final else run.run_fold(0, quiet)

    with nullcontext() if breaks_on_fit is None else pytest.raises(JobError, match="loss nan"):
        go(FakeTrainer(STRATA, breaks_on_fit=breaks_on_fit))
    (record,) = tmp_path.rglob("training_data.json")
    before = record.read_text()
    other = FakeTrainer(STRATA, sha256="1e" * 32)

    with pytest.raises(JobError, match=r"(fold-0|final) holds a fit on other data"):
        go(other)

    assert other.fits == []
    assert record.read_text() == before
    go(FakeTrainer(STRATA))


def test_a_fit_that_does_not_say_what_it_learned_from_is_not_gone_on_with(tmp_path: Path) -> None:
    (tmp_path / "fold-0").mkdir()
    (tmp_path / "fold-0" / "checkpoint.pt").touch()
    trainer = FakeTrainer(STRATA)

    with pytest.raises(
        JobError, match="fold-0 holds a fit on other data, or does not say on which"
    ):
        CrossValidation(trainer, tmp_path, folds=3).run_fold(0, quiet)
    assert trainer.fits == []


def test_settled_folds_of_another_run_are_kept(tmp_path: Path) -> None:
    settled = {"p00": 2, "p05": 2, "someone else": 0}

    run = CrossValidation(FakeTrainer(STRATA), tmp_path, folds=3, settled=settled)

    assert run.assigned()["p00"] == run.assigned()["p05"] == 2
    assert set(run.assigned()) == set(STRATA)
