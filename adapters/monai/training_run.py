"""What two training runs leave behind, ready to be exported."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gliobench.adapters.monai.onnx_export import write_onnx
from gliobench.adapters.monai.torch_network import TorchNetwork, trained_grader, trained_localizer
from gliobench.application.ports.trainer import TrainingData
from gliobench.domain.errors import NotFoundError
from gliobench.domain.statistics.temperature import fit_temperature
from gliobench.domain.study import Grade


@dataclass(frozen=True, slots=True)
class TrainedNetworks:
    """A localizer and a grader in PyTorch."""

    localizer: TorchNetwork
    grader: TorchNetwork

    @classmethod
    def of(cls, localizer_run: Path, grader_run: Path) -> TrainedNetworks:
        """Load the final fits of two training runs.

        The grader's temperature is fitted on its run's held-out predictions.

        Raises:
            NotFoundError: A run is not finished.
            JobError: A checkpoint cannot be read.
        """
        held_out = _read(grader_run / "out_of_fold.json")
        temperature = fit_temperature(
            reference=np.array([row["grade"] == Grade.HGG.value for row in held_out]),
            logit=np.array([row["logit"] for row in held_out]),
        )
        return cls(
            trained_localizer(*_final(localizer_run)),
            trained_grader(*_final(grader_run), temperature=temperature),
        )

    def write(self, folder: Path) -> None:
        """Write localizer.onnx and grader.onnx.

        Raises:
            BackendError: A network cannot be exported.
        """
        for trained in (self.localizer, self.grader):
            write_onnx(trained, folder / f"{trained.card.kind}.onnx")


def _final(run: Path) -> tuple[Path, TrainingData]:
    kept = _read(run / "final" / "training_data.json")
    data = TrainingData(patients=tuple(kept["patients"]), sha256=kept["sha256"])
    return run / "final", data


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON
    if not path.is_file():
        raise NotFoundError(f"{path} is not there: finish the run with gliobench train")
    return json.loads(path.read_text())
