"""Cross-validation over patients: every prediction is of a patient that was held out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from gliobench.application.ports.trainer import Progress, Row, Trainer
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.files.whole import ENDING, write_whole
from gliobench.domain.studies.folds import assign_folds

TRAINING_DATA = "training_data.json"
"""What the fit in a folder learned from."""

ProgressOf: TypeAlias = Callable[[str], Progress]
"""Makes the progress of a fit, given its name."""


@dataclass(frozen=True, slots=True)
class CrossValidation:
    """A training run in a folder: folds, their checkpoints and held-out predictions, the final fit.

    Args:
        trainer: Fits and predicts.
        out: The folder; what is done already is not done again.
        folds: How many folds.
        seed: Of the folds.
        settled: Folds that some patients have already, from another run.
    """

    trainer: Trainer
    out: Path
    folds: int = 5
    seed: int = 0
    settled: Mapping[str, int] | None = None

    def run_fold(self, fold: int, progress_of: ProgressOf) -> list[Row]:
        """Fit all patients but a fold's, and predict that fold's.

        Raises:
            InvalidInputError: There is no such fold.
            JobError: The folder holds folds of other patients, or a fit on other data.
        """
        if not 0 <= fold < self.folds:
            raise InvalidInputError(f"no fold {fold}: wanted 0 to {self.folds - 1}")
        assigned = self.assigned()
        folder = self.out / f"fold-{fold}"
        training = [patient for patient, its in assigned.items() if its != fold]
        self._settle(training, folder)
        done = folder / "predictions.json"
        if not done.exists():
            self.trainer.fit(training, folder, progress_of(folder.name))
            held_out = [patient for patient, its in assigned.items() if its == fold]
            rows = self.trainer.predict(held_out, folder)
            _write(done, [row | {"fold": fold} for row in rows])
        return _rows(done)

    def run_final(self, progress_of: ProgressOf) -> Path:
        """Fit all patients; give the folder.

        Raises:
            JobError: The folder holds folds of other patients, or a fit on other data.
        """
        folder = self.out / "final"
        patients = sorted(self.assigned())
        self._settle(patients, folder)
        self.trainer.fit(patients, folder, progress_of(folder.name))
        return folder

    def out_of_fold(self) -> list[Row]:
        """Gather the held-out predictions of all folds, and keep them in one file.

        Raises:
            JobError: A fold has not been run.
        """
        rows: list[Row] = []
        for fold in range(self.folds):
            done = self.out / f"fold-{fold}" / "predictions.json"
            if not done.exists():
                raise JobError(f"fold {fold} has not been run: {done} is not there")
            rows += _rows(done)
        _write(self.out / "out_of_fold.json", rows)
        return rows

    def assigned(self) -> dict[str, int]:
        """Return every patient's fold; decided once and kept in `folds.json`.

        Raises:
            JobError: The folder holds folds of other patients.
        """
        kept = self.out / "folds.json"
        dealt = assign_folds(
            self.trainer.strata(), folds=self.folds, seed=self.seed, settled=self.settled
        )
        if not kept.exists():
            _write(kept, dealt)
        elif _read(kept) != dealt:
            raise JobError(f"{kept} is of other patients or another seed: choose another folder")
        return dealt

    def _settle(self, patients: list[str], folder: Path) -> None:
        """Record the training data before a fit begins, and check that a resumed fit uses the same."""
        begun = any(
            path.suffix != ENDING for path in folder.glob("*")
        )  # several processes may begin
        kept = folder / TRAINING_DATA
        data = self.trainer.training_data(patients)
        facts = {"patients": list(data.patients), "sha256": data.sha256}
        if not begun:
            _write(kept, facts)
        elif not kept.exists() or _read(kept) != facts:
            raise JobError(
                f"{folder} holds a fit on other data, or does not say on which: choose another folder"
            )


def _rows(path: Path) -> list[Row]:
    rows = _read(path)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise JobError(f"{path} is not a list of predictions: delete it, and run the fold again")
    return rows


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise JobError(f"{path} cannot be read: {error}: choose another folder") from error


def _write(path: Path, content: object) -> None:
    write_whole(path, json.dumps(content, indent=1, sort_keys=True).encode())
