"""Evaluations in processes of their own, that can be killed at any instant.

A server process imports everything once and forks a child a job, so that a job takes half a second.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from fakes.fake_executor import FakeExecutor
from fakes.folder_job import FolderJob
from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
from gliobench.application.ports.executor import Executor
from gliobench.domain.errors import GliobenchError
from gliobench.domain.evaluation.scores import CaseScore

IDS = tuple(f"s{number:02}" for number in range(24))
BACKENDS = ("steady", "moody")
FAILED = 1
PATIENCE_S = 300

Misfortune = Callable[[], None]
"""Befalls a job's process before it begins."""


def evaluate(job: FolderJob, executor: Executor | None = None, *, batch_size: int = 4) -> None:
    """Evaluate two dozen studies, or those of the job, by two backends."""
    evaluate_cohort = EvaluateCohort(
        job.source(), executor or FakeExecutor(), open_store=job.store, batch_size=batch_size
    )
    evaluate_cohort(job, job.ids)


def _job(job: FolderJob, misfortune: Misfortune | None) -> None:
    if misfortune is not None:
        misfortune()
    try:
        evaluate(job)
    except GliobenchError as error:
        (job.folder.parent / "error.txt").write_text(str(error))
        sys.exit(FAILED)


def _context() -> multiprocessing.context.ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", __name__])
    tests = str(Path(__file__).parents[2])  # the server looks there only, up to Python 3.11
    os.environ["PYTHONPATH"] = os.pathsep.join([tests, *sys.path])
    return context


def fill_up(limit: int) -> None:
    """Let no file grow beyond so many bytes: writing more fails, as on a full disk."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def jump() -> None:
    """Have the clock jump back and forth by days, at every look."""
    true, days = time.time, iter(range(10**9))
    time.time = lambda: true() + (-1) ** next(days) * 86_400 * (next(days) % 7)


def start(folder: Path, misfortune: Misfortune | None = None) -> BaseProcess:
    """Begin the job whose runs are in this folder, or go on with it."""
    process = _context().Process(target=_job, args=(FolderJob(folder, IDS), misfortune))
    process.start()
    return process


def finish(folder: Path, misfortune: Misfortune | None = None) -> int | None:
    """Do the job to its end, and tell its exit code."""
    process = start(folder, misfortune)
    process.join(PATIENCE_S)
    return process.exitcode


def told(folder: Path) -> str:
    """Give the one line that a failed job has told."""
    return (folder.parent / "error.txt").read_text()


def scores(folder: Path, ids: tuple[str, ...] = IDS) -> dict[str, list[CaseScore]]:
    """Read the scores of each backend."""
    job = FolderJob(folder, ids)
    return {name: list(job.store(name).scores()) for name in BACKENDS}


def left(folder: Path) -> Mapping[str, Any]:
    """Gather all that a finished job has left: rows, masks, scores and manifests."""
    return {name: _run(folder / name) for name in BACKENDS}


def _run(run: Path) -> dict[str, Any]:
    rows = [
        row for part in run.glob("predictions/part-*") for row in pq.read_table(part).to_pylist()
    ]
    files = [run / "manifest.json", run / "scores.parquet", *run.glob("masks/*.npz")]
    return {
        "rows": sorted(rows, key=lambda row: (row["study_id"], row["task"])),
        **{file.name: file.read_bytes() for file in files},
    }


def with_ids(folder: Path, *ids: str) -> FolderJob:
    """Have some of the studies behave as their new ids ask for."""
    return replace(FolderJob(folder, IDS), ids=tuple(sorted((*IDS[len(ids) :], *ids))))
