"""A trainer that learns nothing, and remembers what it was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import final

from gliobench.application.ports.trainer import Progress, Row, Trainer, TrainingData
from gliobench.domain.errors import JobError


@final
class FakeTrainer(Trainer):
    """Keeps the patients of a fit in its folder, so that a prediction can name them.

    Args:
        strata: Stratum by patient.
        breaks_on_fit: Which fit fails, counted from one.
        sha256: Of all that there is to learn from.
    """

    def __init__(
        self,
        strata: Mapping[str, str],
        *,
        breaks_on_fit: int | None = None,
        sha256: str = "0f" * 32,
    ) -> None:
        self._strata = strata
        self._breaks_on_fit = breaks_on_fit
        self._sha256 = sha256
        self.fits: list[tuple[str, ...]] = []

    def strata(self) -> Mapping[str, str]:
        return self._strata

    def training_data(self, patients: Collection[str]) -> TrainingData:
        return TrainingData(tuple(sorted(patients)), self._sha256)

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        self.fits.append(tuple(sorted(patients)))
        if len(self.fits) == self._breaks_on_fit:
            raise JobError("loss nan at step 3")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "patients").write_text("\n".join(sorted(patients)))
        progress(1, 1, 0.25)

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        learned = (folder / "patients").read_text().split("\n")
        return [{"patient_id": one, "learned_from": learned} for one in sorted(patients)]
