"""Open one study for one backend, as the backend is to see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from gliobench.application.ports.backend import Backend
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.check_reads import check_reads
from gliobench.application.predict.load_modalities import load_modalities
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.read_reference import oracle_plane
from gliobench.application.predict.study_reading import StudyReading
from gliobench.domain.errors import FaultError, InvalidInputError
from gliobench.domain.studies.study import Study


@dataclass(frozen=True, eq=False)
class PreparedStudy:
    """A study and who reads it.

    Args:
        study: With the oracle's plane, where the backend is an oracle.
        backend: Is made for such studies.
        images: Done when the study's images have been read.
    """

    study: Study
    backend: Backend
    images: Future[Any]

    def prompts(self) -> str:
        """Return what would be sent to the backend's model.

        Raises:
            InvalidInputError: The backend sends no prompts.
        """
        if self.backend.show_prompts is None:
            raise InvalidInputError(f"backend {self.backend.name} sends no prompts")
        return self.backend.show_prompts(self.study)

    def predict(self, *, force: bool = False, probabilities: bool = False) -> StudyReading:
        """Ask the backend; arguments and errors as of `predict_study`."""
        with suppress(FaultError):  # reported by the backend that reads the image
            self.images.result()
        return predict_study(self.study, self.backend, force=force, probabilities=probabilities)


@dataclass(frozen=True, slots=True)
class PrepareStudy:
    """Opens studies for backends.

    Args:
        load_backends: Loads backends by name.
        settle_labels: Gives a source whose masks are read by one convention.
    """

    load_backends: Callable[[Sequence[str], StudySource], list[Backend]]
    settle_labels: Callable[[StudySource], StudySource]

    def __call__(self, source: StudySource, backend: str, *, study_id: str = "") -> PreparedStudy:
        """Open a study for a backend.

        Raises:
            NotFoundError: The study or the backend is not there.
            InvalidInputError: The study cannot be read, or the backend is not made for such.
            BackendError: The backend cannot be loaded.
        """
        study_id = study_id or source.study_ids()[0]
        study = source.study(study_id)
        pool = ThreadPoolExecutor(1)  # images are decompressed while networks are loaded
        images = pool.submit(load_modalities, study, study.volumes)
        pool.shutdown(wait=False)
        (loaded,) = self.load_backends([backend], source)
        check_reads([loaded], source, [study_id])
        if loaded.facts.oracle:
            plane = oracle_plane(self.settle_labels(source), study_id)
            study = replace(study, oracle_plane=plane)
        return PreparedStudy(study, loaded, images)
