"""Evaluate backends on a dataset: over the true images, and over altered ones besides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace

from gliobench.application.datasets.dataset_labels import Track, settle_labels
from gliobench.application.evaluate.controlled_studies import ControlledStudies
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort, Run, Stopping
from gliobench.application.evaluate.merge_shards import MergeShards
from gliobench.application.evaluate.progress import Watch
from gliobench.application.evaluate.request import EvaluationRequest, OpenDataset, OpenPlace
from gliobench.application.evaluate.run_layout import check_division
from gliobench.application.evaluate.save_cases import SaveCases, SavedImages
from gliobench.application.evaluate.score_control import score_control
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.executor import Executor, MakeWork
from gliobench.application.ports.picture_encoder import PictureEncoder
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What an evaluation left behind.

    Args:
        runs: Over the true images, one a backend; of a shard, its part of them.
        missing: Shards that others have not finished yet: nothing is merged before they are.
    """

    runs: tuple[Run, ...]
    missing: tuple[Shard, ...] = ()

    @property
    def has_faults(self) -> bool:
        """Whether a study failed, or its images or its reference have a fault."""
        return any(
            case.failures or case.image_fault or case.reference_fault
            for run in self.runs
            for case in run.store.scores()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluate:
    """Predicts, scores and saves what is asked for; an interrupted evaluation goes on.

    Args:
        open_dataset: Opens the dataset.
        open_place: Opens the place of the runs.
        executor: Starts the workers.
        work_of: Gives what makes a worker's work on a request, in the worker's process.
        encoder: Of the pictures that are saved.
        saved_images: Of how many studies images are saved.
        batch_size: Studies that are loaded, inferred and saved together, ≥ 1.
        primary: Endpoint that decides comparisons, recorded where a run begins; None for the default.
        primary_origin: Whether somebody declared it.
        watch: Called with the progress.
        track: Wraps the study ids whose labels are read, e.g. in a progress bar.
        stopping: Entered while batches are worked on; see `EvaluateCohort`.
        why_no_controls: Why images cannot be altered; empty where they can.
    """

    open_dataset: OpenDataset
    open_place: OpenPlace
    executor: Executor
    work_of: Callable[[EvaluationRequest], MakeWork]
    encoder: PictureEncoder
    saved_images: SavedImages = field(default_factory=SavedImages)
    batch_size: int = 2
    primary: str | None = None
    primary_origin: PrimaryOrigin | None = None
    watch: Watch = lambda _: None
    track: Track = iter
    stopping: Stopping = lambda: nullcontext(lambda: False)
    why_no_controls: str = ""

    def __call__(
        self, request: EvaluationRequest, *, controls: bool = False, allow_partial: bool = False
    ) -> Evaluated:
        """Evaluate; the process that finishes the last shard merges all.

        Args:
            request: What is evaluated.
            controls: Run the backends over altered images too.
            allow_partial: Merge shards though some are missing.

        Raises:
            NotFoundError: The dataset or a backend is not there.
            InvalidInputError: Controls are asked for and not possible, the place keeps the cohort in
                another number of shards, or the meaning of the masks' labels is not declared and
                several are possible.
            StoppedError: It was asked to stop before all was done.
            JobError: A store cannot be read or written.
        """
        if controls and self.why_no_controls:
            raise InvalidInputError(self.why_no_controls)
        place = self.open_place(request.out)
        if request.shard is not None:
            for backend in request.names:
                check_division(place, backend, request.shard)
        request = self._with_labels(request)
        runs = self._pass_over(request, request.source(self.open_dataset), self.watch)
        altered = self._control_passes(request, runs) if controls else []
        self._save_cases(request, runs)
        for run in [*altered, *runs]:
            run.store.finish()
        missing: list[Shard] = []
        if request.shard is not None:
            merge_shards = MergeShards(place)
            missing = [] if allow_partial else merge_shards.missing(request.names)
            if not missing:
                merge_shards.of_backends(request.names, allow_partial=allow_partial)
        return Evaluated(tuple(runs), tuple(missing))

    def _with_labels(self, request: EvaluationRequest) -> EvaluationRequest:
        """Settle what the labels mean, once for all passes and workers."""
        source = request.source(self.open_dataset)
        settled = settle_labels(source, request.part(source), track=self.track)
        return replace(request, labels=settled.labels)

    def _pass_over(
        self, request: EvaluationRequest, source: StudySource, watch: Watch
    ) -> list[Run]:
        """Have every backend predict the studies, and score them."""
        place = self.open_place(request.out)
        evaluate_cohort = EvaluateCohort(
            source,
            self.executor,
            open_store=lambda backend: place.store(request.run_name(backend)),
            batch_size=self.batch_size,
            stopping=self.stopping,
            watch=watch,
        )
        return evaluate_cohort(
            self.work_of(request),
            request.study_ids(source),
            name=request.name,
            # Under a control the source holds the studies of the shard and no others.
            shard=request.shard if request.control is None else None,
            primary=self.primary,
            primary_origin=self.primary_origin,
        )

    def _control_passes(self, request: EvaluationRequest, runs: Sequence[Run]) -> list[Run]:
        """Have every backend predict altered images too, and score how its answers change."""
        done: list[Run] = []
        for control in Control:
            controlled = replace(request, control=control)
            studies = controlled.source(self.open_dataset)
            # Of a shard that has no such study there is an empty run, for those who wait for it.
            if not isinstance(studies, ControlledStudies) or not (
                request.shard or studies.study_ids()
            ):
                continue
            altered = self._pass_over(controlled, studies, _named(self.watch, control.value))
            for true, other in zip(runs, altered, strict=True):
                score_control(studies, true=true.store, altered=other.store)
            done += altered
        return done

    def _save_cases(self, request: EvaluationRequest, runs: Sequence[Run]) -> None:
        """Save what readers of a report look at."""
        source = request.source(self.open_dataset)
        save_cases = SaveCases(
            source, self.encoder, cohort=request.study_ids(source), images=self.saved_images
        )
        for run in runs:
            save_cases(run.store, run.store.scores(), run.keys)


def _named(watch: Watch, control: str) -> Watch:
    """Distinguish a pass over altered images from that over the true ones."""
    return lambda progress: watch(progress.named(control))
