"""A pool in this thread whose workers die of what they meet, and are replaced."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import final

from gliobench.application.evaluate.jobs import Job, Message, Ready, WorkerDied, do, load
from gliobench.application.evaluate.worker_pool import Pool, SupervisedWorkerPool, Worker
from gliobench.application.ports.executor import Executor, MakeWork, WorkerPool


class DeathError(BaseException):
    """Ends the worker that meets it."""


@final
class MortalExecutor(Executor):
    """Has one worker at a time."""

    @contextmanager
    def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
        yield SupervisedWorkerPool(_Mortals(make_work), size=1)


@final
class _Mortals(Pool):
    def __init__(self, make_work: MakeWork) -> None:
        self._make_work = make_work

    def start_worker(self) -> Worker:
        return _Mortal(self._make_work)

    def listen(self, workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        return [(one, one.next_word()) for one in workers if isinstance(one, _Mortal)]


@final
class _Mortal(Worker):
    def __init__(self, make_work: MakeWork) -> None:
        self._work, self._jobs, self._is_ready = make_work(), deque[Job](), False

    def give(self, job: Job) -> None:
        self._jobs.append(job)

    def terminate(self) -> None:
        self._jobs.clear()

    def next_word(self) -> Message:
        if not self._is_ready:
            self._is_ready = True
            return Ready(self._work.manifests)
        job = self._jobs.popleft()
        try:
            return do(self._work, job, load(self._work, job))
        except DeathError as death:
            return WorkerDied(str(death))
