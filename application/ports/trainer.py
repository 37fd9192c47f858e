"""The port of everything that learns from cases."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from gliobench.application.ports.network import Grader, Network

Row: TypeAlias = dict[str, object]
"""One held-out prediction with its scores, ready for JSON."""

Progress: TypeAlias = Callable[[int, int, float], None]
"""Called with the completed steps, the total steps and the recent loss."""


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a network learned from.

    Args:
        patients: Every patient, sorted.
        sha256: Hash of all images, masks and grades.
    """

    patients: tuple[str, ...]
    sha256: str


class Trainer(Protocol):
    """Fits a network to some patients, and says how it does on others.

    Contract:
        - `fit` keeps what it learns in its folder, goes on from what an interrupted fit left there,
          and with the same patients and seed ends in the same network, interrupted or not.
        - `predict` never looks at the patients that `fit` saw, nor the other way round.
    """

    def strata(self) -> Mapping[str, str]:
        """Name the stratum (site, grade, …) of every patient there is to learn from."""
        ...

    def training_data(self, patients: Collection[str]) -> TrainingData:
        """Return the training data of a fit on these patients, including other patients' lesions."""
        ...

    def fit(self, patients: Collection[str], folder: Path, progress: Progress) -> None:
        """Learn from these patients."""
        ...

    def predict(self, patients: Collection[str], folder: Path) -> list[Row]:
        """Predict and score these patients with the network that a fit left in the folder."""
        ...


class TrainedNetworks(Protocol):
    """A localizer and a grader as training left them.

    Contract:
        - `write` leaves `localizer.onnx` in the folder, and `grader.onnx` or of regions
          `grader.json`; BackendError where a network cannot be exported.
    """

    @property
    def localizer(self) -> Network:
        """Finds tumours."""
        ...

    @property
    def grader(self) -> Grader:
        """Grades them."""
        ...

    @property
    def trained_on(self) -> frozenset[str]:
        """`patient_hash` of every patient that either learned from."""
        ...

    def recognising(self, images: tuple[str, ...]) -> TrainedNetworks:
        """Return the same, which once exported name the images that they learned from by hash."""
        ...

    def write(self, folder: Path) -> None:
        """Export both."""
        ...
