"""A pool in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import final

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
class FakeExecutor(Executor):
    """Does one batch after the other."""

    @contextmanager
    def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
        yield _FakePool(make_work())


@final
class _FakePool(WorkerPool):
    def __init__(self, work: Work) -> None:
        self._work = work

    @property
    def manifests(self) -> tuple[RunManifest, ...]:
        return self._work.manifests

    def run(self, batches: Iterable[Batch], stop: Callable[[], bool]) -> Iterator[Outcome]:
        for batch in batches:
            if stop():
                return
            yield self._work.finish(batch, self._work.load(batch))
