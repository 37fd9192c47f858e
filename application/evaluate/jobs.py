"""What a worker is handed and answers, and how it does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from traceback import format_exception
from typing import Any, TypeAlias

from gliobench.application.ports.executor import Batch, Outcome, ReadLimit, Work
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.errors import (
    BackendError,
    InvalidInputError,
    JobError,
    NotFoundError,
    StoreError,
)
from gliobench.domain.predictions.prediction import Failure, FailureReason

PATIENCE_S = 30.0
"""To keep a failure takes no model, so that a limit made for one may be too short."""
KINDS = (StoreError, JobError, InvalidInputError, NotFoundError, BackendError)


@dataclass(frozen=True, slots=True)
class Job:
    """A batch on its way to a worker.

    Args:
        batch: Its studies.
        failure: What is kept where it is given up; None finishes it.
        limit: What may be looked at where it is given up.
        alone: Nothing else is given to the worker beside it.
        deaths: Workers that it has killed so, being alone.
    """

    batch: Batch
    failure: Failure | None = None
    limit: ReadLimit = ReadLimit.ALL
    alone: bool = False
    deaths: int = 0

    @property
    def study_ids(self) -> list[str]:
        """Name its studies."""
        return [assignment.study_id for assignment in self.batch]

    def limit_s(self, study_s: float) -> float:
        """Return how long it may take, given the limit of one study under one backend."""
        if self.failure is not None:
            return max(study_s, PATIENCE_S)
        return study_s * sum(max(1, len(assignment.waiting)) for assignment in self.batch)

    def parts(self) -> list[Job]:
        """Cut it into studies, or one study into backends."""
        if len(self.batch) > 1:
            return [Job((assignment,), alone=True) for assignment in self.batch]
        (assignment,) = self.batch
        return [Job((assignment.under(name),), alone=True) for name in assignment.keys]

    def after(self, failure: Failure) -> list[Job]:
        """Return what to do about a job that was not done.

        Raises:
            JobError: Not even its failure can be kept.
        """
        if len(parts := self.parts()) > 1:
            return parts
        if failure.reason is not FailureReason.TIMEOUT and self.deaths == 0:
            # once is no proof: its machine may have died
            return [replace(self, alone=True, deaths=1)]
        if self.failure is None:
            return [Job(self.batch, failure, alone=True)]
        if (less := self.limit.less) is None:
            raise JobError(
                f"study {self.study_ids[0]}: its failure cannot be kept: {failure.detail}"
            )
        return [replace(self, limit=less, deaths=0)]


@dataclass(frozen=True, slots=True)
class Ready:
    """A worker has its models."""

    manifests: tuple[RunManifest, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """A worker has done a job."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class WorkerFailed:
    """A worker met an error that ends the job."""

    error: Exception


@dataclass(frozen=True, slots=True)
class WorkerDied:
    """A worker has died."""

    why: str


Message: TypeAlias = Ready | Done | WorkerFailed | WorkerDied


def overlapped(
    work: Work, jobs: Iterator[Job], stop: Callable[[], bool] = lambda: False
) -> Iterator[Done]:
    """Do jobs in this thread, each loaded in another while the one before is inferred."""
    loader = ThreadPoolExecutor(max_workers=1)
    try:
        ahead = loader.submit(_load_next, work, jobs)
        while (loaded := ahead.result()) is not None and not stop():
            ahead = loader.submit(_load_next, work, jobs)
            yield do(work, *loaded)
    finally:
        loader.shutdown(wait=False)


def load(work: Work, job: Job) -> Any:  # noqa: ANN401 -- known to the work alone
    """Load what a job needs; to give up takes nothing."""
    return work.load(job.batch) if job.failure is None else None


def do(work: Work, job: Job, loaded: Any) -> Done:  # noqa: ANN401 -- as `load` gave it
    """Do a job that is loaded."""
    if job.failure is None:
        return Done(job, work.finish(job.batch, loaded))
    return Done(job, work.give_up(job.batch, job.failure, job.limit))


def _load_next(work: Work, jobs: Iterator[Job]) -> tuple[Job, Any] | None:
    job = next(jobs, None)
    return None if job is None else (job, load(work, job))


def portable(error: BaseException) -> Exception:
    """Make of an error one that can be pickled: ours keeps its kind and text, a bug its traceback."""
    for kind in KINDS:
        if isinstance(error, kind):
            return kind(str(error))
    return RuntimeError("in a worker:\n" + "".join(format_exception(error)))
