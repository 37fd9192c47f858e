"""Who evaluates, and the workers that do the work."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from gliobench.adapters.executors import InProcessExecutor, ProcessExecutor
from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
from gliobench.application.evaluate.evaluation import Evaluate
from gliobench.application.evaluate.progress import Watch
from gliobench.application.evaluate.request import EvaluationRequest, OpenDataset, OpenPlace
from gliobench.application.evaluate.save_cases import SavedImages
from gliobench.application.ports.executor import Executor
from gliobench.application.ports.picture_encoder import PictureEncoder
from gliobench.application.ports.study_source import StudySource
from gliobench.domain.comparison.endpoints import PrimaryOrigin
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.settings import Settings, backend_table
from gliobench.entrypoints.stopping import terminating

_NO_CONTROLS = "controls alter prepared images: wanted gliobench prepare first, then evaluate without --prepare"
SettleLabels: TypeAlias = Callable[[Mapping[str, object], StudySource], Mapping[str, object]]
"""Adds to the options of a backend that reads files what the labels of its masks mean."""


def executor(settings: Settings, ray_executor: Callable[[], Executor]) -> Executor:
    """Choose who works: this process, processes beside it, or Ray.

    Raises:
        MissingExtraError: Ray is asked for and its extra is not installed.
    """
    if settings.executor == "ray":
        return ray_executor()
    if settings.workers == 1 and settings.study_timeout_s is None:
        return InProcessExecutor()
    return ProcessExecutor(workers=settings.workers, study_timeout_s=settings.study_timeout_s)


def evaluate(
    *,
    settings: Settings,
    open_dataset: OpenDataset,
    open_place: OpenPlace,
    executor: Executor,
    encoder: PictureEncoder,
    settle_labels: SettleLabels,
    watch: Watch = lambda _: None,
) -> Evaluate:
    """Return the use case, as the settings have it."""
    return Evaluate(
        open_dataset=open_dataset,
        open_place=open_place,
        executor=executor,
        work_of=partial(_work_of, _with_fair_share(settings), open_dataset, settle_labels),
        encoder=encoder,
        saved_images=SavedImages(settings.keep.pictures, settings.keep.volumes),
        batch_size=settings.batch_size,
        primary=settings.compare.primary,
        primary_origin=primary_origin(settings),
        watch=watch,
        track=partial(tracked, "reading labels"),
        stopping=terminating,
        why_no_controls=_NO_CONTROLS if settings.prepare.enabled else "",
    )


def primary_origin(settings: Settings) -> PrimaryOrigin:
    """Return whether anybody has set the primary endpoint, in whatever source."""
    return PrimaryOrigin.DECLARED if settings.compare.primary else PrimaryOrigin.DEFAULT


@dataclass(frozen=True, slots=True)
class WorkOnRequest:
    """Makes a worker's work in the worker's process; it can be pickled."""

    settings: Settings
    request: EvaluationRequest

    def __call__(self) -> EvaluateBatch:
        """Make the work, with its models; raises what `work_on` does."""
        adopt(self.settings)
        made: EvaluateBatch = container.work_on(self.request)
        return made


def _work_of(
    settings: Settings,
    open_dataset: OpenDataset,
    settle_labels: SettleLabels,
    request: EvaluationRequest,
) -> WorkOnRequest:
    """Settle what the labels of predicted masks mean before any worker starts: once for all of them."""
    tables = {
        name: {**settle_labels(options, request.source(open_dataset)), "kind": kind}
        for name in request.names
        if (kind := (options := backend_table(settings, name)).pop("kind", None)) == "files"
        and request.control is None  # which no files are asked under
    }
    return WorkOnRequest(
        settings.model_copy(update={"backend": settings.backend | tables}), request
    )


def _with_fair_share(settings: Settings) -> Settings:
    """Have workers that share a machine share its cores, where nothing else is set."""
    if settings.threads is not None:
        return settings
    if settings.executor == "ray":
        return settings.model_copy(update={"threads": max(1, int(settings.ray.num_cpus))})
    if settings.workers == 1:
        return settings
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return settings.model_copy(update={"threads": max(1, (cores or 1) // settings.workers)})
