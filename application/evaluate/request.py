"""What a user asks an evaluation for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TypeAlias

from gliobench.application.evaluate.controlled_studies import ControlledStudies
from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
from gliobench.application.evaluate.run_layout import run_name
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.backend import Backend, name_of
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.check_reads import check_reads, check_target
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.messages import shown
from gliobench.domain.metrics.lesionwise.tasks import default_sets
from gliobench.domain.metrics.measures import MeasureSet

OpenDataset: TypeAlias = Callable[[str, DatasetLabels | None], StudySource]
"""Opens a dataset by its name, its masks read by these labels; None takes what is declared."""
OpenPlace: TypeAlias = Callable[[str], RunPlace]
"""Opens the folder or URL where the runs of an evaluation lie side by side."""
LoadBackends: TypeAlias = Callable[[Sequence[str], StudySource], list[Backend]]
"""Loads backends by their names, for the studies that they will be asked about."""


@dataclass(frozen=True, slots=True)
class EvaluationRequest:
    """What is evaluated and where the runs go; it can be pickled.

    Args:
        dataset: As on the command line.
        backends: As on the command line: names, or `FILE.py:FACTORY`.
        out: Folder or URL of the runs.
        name: What the user calls the cohort.
        limit: Take only the first studies.
        shard: The part that is wanted; None for all.
        control: How the images are altered; None leaves them as they are.
        labels: What the labels of the masks mean; None where that is not settled yet, or there is
            no mask of labels.

    Raises:
        InvalidInputError: The limit is no number of studies.
    """

    dataset: str
    backends: tuple[str, ...]
    out: str
    name: str = ""
    limit: int | None = None
    shard: Shard | None = None
    control: Control | None = None
    labels: DatasetLabels | None = None

    def __post_init__(self) -> None:
        if self.limit is not None and not (isinstance(self.limit, Integral) and self.limit > 0):
            raise InvalidInputError(f"limit {shown(self.limit)}: wanted 1 study or more")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the backends, and of their runs."""
        return tuple(map(name_of, self.backends))

    def source(self, open_dataset: OpenDataset) -> StudySource:
        """Open the studies; under a control, those of the shard only."""
        source = open_dataset(self.dataset, self.labels)
        if self.control is None:
            return source
        return ControlledStudies(source, self.control, self.part(source))

    def study_ids(self, source: StudySource) -> Sequence[str]:
        """Name the cohort's studies."""
        found = source.study_ids()
        return found if self.limit is None else found[: self.limit]

    def part(self, source: StudySource) -> Sequence[str]:
        """Name the studies of the shard, or of the cohort where no shard is wanted."""
        cohort = self.study_ids(source)
        return self.shard.take(cohort) if self.shard else cohort

    def run_name(self, backend: str) -> str:
        """Name a backend's run, or its shard of it, within `out`."""
        return run_name(backend, self.shard, self.control)


def work_on(
    request: EvaluationRequest,
    *,
    open_dataset: OpenDataset,
    open_place: OpenPlace,
    load_backends: LoadBackends,
    seed: int,
    versions: Mapping[str, str],
    measures: Sequence[str] | None = None,
) -> EvaluateBatch:
    """Make a worker's work, with its models.

    Args:
        request: What is evaluated.
        open_dataset: Opens the dataset.
        open_place: Opens the place of the runs.
        load_backends: Loads backends.
        seed: Of the statistics, for the manifests.
        versions: Of gliobench and the libraries that compute, for the manifests.
        measures: Names of sets of measures that are asked for; None takes those of the task.

    Raises:
        NotFoundError: The dataset or a backend is not there.
        InvalidInputError: A backend is not made for such studies, or answers without images where they
            are altered, or grades something else than the target, or from other files than its run.
        BackendError: A backend cannot be loaded.
    """
    source, place = request.source(open_dataset), open_place(request.out)
    backends = load_backends(request.backends, source)
    if request.control is not None:
        _check_controllable(backends)
    check_target(backends, source.target)
    _check_same_files(request, backends, place)
    # Under a control the source holds the studies of the shard and no others.
    check_reads(backends, source, source.study_ids() if request.control else request.part(source))
    labels = source.labels
    task = default_sets(labels.convention.name if labels else None)
    return EvaluateBatch(
        source,
        backends,
        open_store=lambda backend: place.store(request.run_name(backend)),
        seed=seed,
        versions=versions,
        measures=task if measures is None else MeasureSet.parse(measures),
    )


def _check_controllable(backends: Sequence[Backend]) -> None:
    for backend in backends:
        if not backend.reads_images:
            raise InvalidInputError(
                f"backend {backend.name} answers from files, whatever is done to the images: wanted no "
                "controls"
            )


def _check_same_files(
    request: EvaluationRequest, backends: Sequence[Backend], place: RunPlace
) -> None:
    """Refuse to put answers of other files in the place of a run, or of the whole run of a shard."""
    for backend in backends:
        if backend.reads_images:
            continue
        for run in (backend.name, request.run_name(backend.name)):
            if _print_of(place, run) not in (None, backend.fingerprint):
                raise InvalidInputError(
                    f"{request.out.rstrip('/')}/{run} keeps a run of other predictions, or read with "
                    "other options: choose another name or folder, or delete this one"
                )


def _print_of(place: RunPlace, run: str) -> str | None:
    try:
        return place.store(run).manifest().fingerprint
    except NotFoundError:
        return None
