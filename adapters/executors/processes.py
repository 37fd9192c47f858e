"""Workers in processes of their own, on this machine."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from multiprocessing.connection import Connection, wait
from types import ModuleType
from typing import TYPE_CHECKING, final

import structlog

from gliobench.adapters.executors.child import serve
from gliobench.application.evaluate.jobs import Job, Message, WorkerDied
from gliobench.application.evaluate.worker_pool import Pool, Worker, supervised
from gliobench.application.ports.executor import Executor, MakeWork, WorkerPool

if TYPE_CHECKING:  # Windows lacks one
    from multiprocessing.context import ForkServerContext, SpawnContext

log = structlog.get_logger()


@final
class ProcessExecutor(Executor):
    """Puts several processes to work, each with its own models, and replaces those that die.

    Args:
        workers: How many, ≥ 1.
        study_timeout_s: How long a study may take under one backend before its worker is killed,
            which ends native code too; None for ever.
    """

    def __init__(self, *, workers: int, study_timeout_s: float | None = None) -> None:
        self._workers = workers
        self._study_timeout_s = study_timeout_s

    @contextmanager
    def worker_pool(self, make_work: MakeWork) -> Iterator[WorkerPool]:
        """Start the processes; they are killed at the end."""
        with supervised(
            _Processes(make_work),
            size=self._workers,
            study_timeout_s=self._study_timeout_s,
            notice=lambda event, facts: log.warning(event, **facts),
        ) as pool:
            yield pool


@final
class _Processes(Pool):
    def __init__(self, make_work: MakeWork) -> None:
        self._make_work = make_work
        self._context = _context(make_work)

    def start_worker(self) -> Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=serve,
            args=(theirs, self._make_work, dict(os.environ)),
            daemon=True,
            name="gliobench-worker",
        )
        with _without_main():
            process.start()
        theirs.close()
        return _Process(process, ours)

    def listen(self, workers: Sequence[Worker], timeout_s: float) -> list[tuple[Worker, Message]]:
        ours = {worker.connection: worker for worker in workers if isinstance(worker, _Process)}
        ready = wait(list(ours), timeout_s)
        return [
            (ours[item], ours[item].receive()) for item in ready if isinstance(item, Connection)
        ]


@final
class _Process(Worker):
    def __init__(
        self, process: multiprocessing.process.BaseProcess, connection: Connection
    ) -> None:
        self._process, self.connection = process, connection

    def give(self, job: Job) -> None:
        try:
            self.connection.send(job)
        except OSError:
            return  # it has died, and `receive` reports it

    def receive(self) -> Message:
        try:
            message: Message = self.connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return WorkerDied(_why(self._process.exitcode))
        return message

    def terminate(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the main module, which a new process would run again: a script that calls us may have no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _context(make_work: MakeWork) -> ForkServerContext | SpawnContext:
    """Start workers as copies of a process that has imported what they need and no more: at once.

    A copy of this process would inherit locks and threads of onnxruntime and CUDA, and hang.
    """
    if "forkserver" in multiprocessing.get_all_start_methods():
        copies = multiprocessing.get_context("forkserver")
        copies.set_forkserver_preload([__name__, make_work.__module__])
        try:
            import_module("multiprocessing.forkserver").ensure_running()
        except OSError as error:  # it needs a temporary folder, of a name that a socket can have
            log.debug("workers_are_not_copied", why=type(error).__name__)
        else:
            return copies
    return multiprocessing.get_context("spawn")


def _why(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        hint = ", as when out of memory" if exit_code == -9 else ""
        return f"the worker was ended by signal {-exit_code}{hint}"
    return f"the worker ended with exit code {exit_code}"
