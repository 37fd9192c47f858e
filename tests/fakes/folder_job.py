"""Work that any process of this machine can make: fake studies, real stores in a folder."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier, by_brightness
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.adapters.parquet import ParquetRunStore
from gliobench.adapters.storage import open_storage
from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
from gliobench.application.ports.backend import Backend
from gliobench.application.ports.run_store import RunStore
from gliobench.domain.errors import BackendError, StoreError
from gliobench.domain.predictions.prediction import Failure, GradePrediction
from gliobench.domain.studies.study import Study

HOURS_S = 10_000.0
KILLED = 37
"""Exit code of a worker that a study has killed."""


def moody(study: Study) -> GradePrediction | Failure:
    """Grade, unless the study's id asks for something worse."""
    match study.id.partition("-")[0]:
        case "hangs":
            time.sleep(HOURS_S)
        case "kills":
            os._exit(KILLED)
        case "slow":
            time.sleep(0.2)
        case "storeless":
            raise StoreError("the bucket is gone")
        case "raises":
            raise ZeroDivisionError("a bug of the backend's")
        case "leaves":
            sys.exit("no licence")
        case "leaks":
            os.kill(os.getpid(), signal.SIGKILL)  # as the kernel does for want of memory
    return by_brightness(study)


@dataclass(frozen=True, slots=True)
class FolderJob:
    """Two backends: `steady` grades and localises, `moody` grades as the study's id demands.

    Args:
        folder: Of the runs.
        ids: Of the studies.
        names: Of the backends that are wanted.
        broken: What keeps the work from being made: `error` or `bug`.
        pid_file: Where a worker notes its process.
    """

    folder: Path
    ids: tuple[str, ...]
    names: tuple[str, ...] = ("steady", "moody")
    broken: str = ""
    pid_file: Path | None = None

    def __call__(self) -> EvaluateBatch:
        match self.broken:
            case "error":
                raise BackendError("no weights at /nowhere")
            case "bug":
                raise ZeroDivisionError("a bug")
        if self.pid_file is not None:
            self.pid_file.write_text(str(os.getpid()))
        return EvaluateBatch(self.source(), self.backends(), open_store=self.store)

    def source(self) -> FakeStudySource:
        return FakeStudySource(fake_case(study_id) for study_id in self.ids)

    def backends(self) -> list[Backend]:
        known = {
            "steady": fake_backend("steady"),
            "moody": fake_backend("moody", classifier=FakeClassifier(moody)),
        }
        return [known[name] for name in self.names]

    def store(self, name: str) -> RunStore:
        return ParquetRunStore(open_storage(str(self.folder / name)))
