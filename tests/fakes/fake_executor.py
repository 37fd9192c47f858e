"""A crew in this thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import final

from gliobench.application.ports.executor import Batch, Executor, Outcome, Recipe, Work, WorkerPool
from gliobench.application.ports.run_store import RunManifest


@final
class FakeExecutor(Executor):
    """Does one batch after the other."""

    @contextmanager
    def crew(self, recipe: Recipe) -> Iterator[WorkerPool]:
        yield _FakeCrew(recipe())


@final
class _FakeCrew(WorkerPool):
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
