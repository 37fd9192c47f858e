"""Cross-validation over patients: every prediction is of a patient that was held out."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

from gliobench.application.ports.trainer import Progress, Row, Trainer
from gliobench.domain.errors import InvalidInputError, JobError
from gliobench.domain.folds import assign_folds

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
        """
        if not 0 <= fold < self.folds:
            raise InvalidInputError(f"no fold {fold}: wanted 0 to {self.folds - 1}")
        assigned = self.assigned()
        folder = self.out / f"fold-{fold}"
        done = folder / "predictions.json"
        if not done.exists():
            training = [patient for patient, its in assigned.items() if its != fold]
            self.trainer.fit(training, folder, progress_of(folder.name))
            held_out = [patient for patient, its in assigned.items() if its == fold]
            rows = self.trainer.predict(held_out, folder)
            _write(done, [row | {"fold": fold} for row in rows])
        rows_done: list[Row] = json.loads(done.read_text())
        return rows_done

    def run_final(self, progress_of: ProgressOf) -> Path:
        """Fit all patients; give the folder, which also holds `training_data.json`."""
        folder = self.out / "final"
        self.trainer.fit(sorted(self.assigned()), folder, progress_of(folder.name))
        _write(folder / "training_data.json", asdict(self.trainer.training_data()))
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
            rows += json.loads(done.read_text())
        _write(self.out / "out_of_fold.json", rows)
        return rows

    def assigned(self) -> dict[str, int]:
        """Give every patient's fold; decided once and kept in `folds.json`.

        Raises:
            JobError: The folder holds folds of other patients.
        """
        kept = self.out / "folds.json"
        dealt = assign_folds(
            self.trainer.strata(), folds=self.folds, seed=self.seed, settled=self.settled
        )
        if not kept.exists():
            _write(kept, dealt)
        elif json.loads(kept.read_text()) != dealt:
            raise JobError(f"{kept} is of other patients or another seed: choose another folder")
        return dealt


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{os.getpid()}.tmp")  # several processes may train together
    temporary.write_text(json.dumps(content, indent=1, sort_keys=True))
    temporary.replace(path)
