"""One worker: this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import final

from gliobench.application.evaluate.jobs import Job, overlapped
from gliobench.application.ports.executor import (
    Batch,
    Executor,
    MakeWork,
    Outcome,
    Work,
    WorkerPool,
)
from gliobench.application.ports.run_store import RunManifest


@final
class InProcessExecutor(Executor):
    """Infers here, and loads the next batch in a thread meanwhile; `make_work` need not be pickled.

    What hangs or dies takes this process with it.
    """

    @contextmanager
    def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
        """Make the work."""
        yield _Alone(make_work())


@final
class _Alone(WorkerPool):
    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        return self._work.manifests

    def run(self, batches: Iterable[Batch], stop: Callable[[], bool]) -> Iterator[Outcome]:
        for done in overlapped(self._work, map(Job, batches), stop):
            yield done.outcome
