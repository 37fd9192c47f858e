"""An evaluation in words, from which any process can make a worker's work."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dependency_injector import providers

from gliobench.application.evaluate.shards import Shard, run_name
from gliobench.entrypoints.settings import Settings

if TYPE_CHECKING:
    from gliobench.application.ports.executor import Work
    from gliobench.application.ports.run_store import RunStore
    from gliobench.application.ports.study_source import StudySource
    from gliobench.domain.controls.controls import Control
    from gliobench.domain.labels.proposal import DatasetLabels


@dataclass(frozen=True, slots=True)
class EvaluationRecipe:
    """What is evaluated, and how; it can be pickled.

    Args:
        settings: All of them.
        dataset: As on the command line.
        backends: Their names.
        out: Folder or URL of the runs.
        name: What the user calls the cohort.
        limit: Take only the first studies.
        shard: The part that is wanted.
        control: How the images are altered; None leaves them as they are.
        labels: What the labels of the masks mean; None where nothing is settled yet, or there is
            no mask of labels.
    """

    settings: Settings
    dataset: str
    backends: tuple[str, ...]
    out: str
    name: str = ""
    limit: int | None = None
    shard: Shard | None = None
    control: Control | None = None
    labels: DatasetLabels | None = None

    def __call__(self) -> Work:
        """Make the work, with its models.

        Raises:
            NotFoundError: The dataset or a backend is not there.
            InvalidInputError: A backend is not made for such studies.
            BackendError: A backend cannot be loaded.
        """
        from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
        from gliobench.application.predict.check_reads import check_reads
        from gliobench.entrypoints.inputs import load_backends
        from gliobench.entrypoints.versions import versions

        _adopt(self.settings)
        source = self.source()
        backends = load_backends(self.backends)
        check_reads(backends, source, self.study_ids(source))
        return EvaluateBatch(
            source,
            backends,
            open_store=self.store,
            seed=self.settings.seed,
            versions=versions(),
        )

    def source(self) -> StudySource:
        """Open the studies that the pass is over; controlled, they are those of the shard only."""
        from gliobench.application.evaluate.controlled_studies import ControlledStudies
        from gliobench.entrypoints.inputs import open_source

        source = open_source(self.dataset, self.labels)
        if self.control is None:
            return source
        cohort = self.study_ids(source)
        part = self.shard.take(cohort) if self.shard else cohort
        return ControlledStudies(source, self.control, part)

    def study_ids(self, source: StudySource) -> list[str]:
        """Name the cohort's studies."""
        return source.study_ids()[: self.limit]

    def store(self, backend: str) -> RunStore:
        """Open the store of a backend's run, or of its shard."""
        from gliobench.entrypoints.container import container

        return container.run_place(self.out).store(run_name(backend, self.shard, self.control))


def fair_share(settings: Settings) -> Settings:
    """Have workers that share a machine share its cores, where nothing else is set."""
    if settings.threads is not None:
        return settings
    if settings.executor == "ray":
        return settings.model_copy(update={"threads": max(1, int(settings.ray.num_cpus))})
    if settings.workers == 1:
        return settings
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return settings.model_copy(update={"threads": max(1, (cores or 1) // settings.workers)})


def _adopt(given: Settings) -> None:
    """Work under settings that another process has read; in that process nothing changes."""
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.files import keep_private

    keep_private(given.private)
    if container.settings() != given:
        container.settings.override(providers.Object(given))
