"""Time `gliobench evaluate` over more workers and shards, and beside a bare loop.

    python tests/benchmarks/throughput.py --studies 16
    python tests/benchmarks/throughput.py --studies 48 --spacing 2

Phantoms, written to a folder beforehand, by `cnn-onnx` on one thread a worker.

First the overhead: a bare loop loads, predicts and scores each study and keeps nothing; beside it
stands the same work by the in-process executor, into a run store. Libraries and models are loaded
before the clock starts; the two take turns, `--rounds` times, and the median counts. Since the
executor loads the next batch while it infers, CPU seconds tell the overhead and seconds the gain.

Then the throughput: whole commands, start of the processes included, on one core and on two. The
efficiency is the speed a core, against one worker on one core; that worker on two cores shows what
its loading ahead gains. Needs the extra `phantom`; it tells of no more cores than the machine has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path


def bare(studies: Path, _: Path) -> None:
    """Load, predict and score study by study; keep nothing."""
    from gliobench.application.evaluate.manifests import manifest_of
    from gliobench.application.evaluate.score_study import ScoreStudy
    from gliobench.application.ports.run_store import StudyPrediction
    from gliobench.application.predict.ask_backend import ask
    from gliobench.application.predict.load_modalities import load_modalities
    from gliobench.entrypoints.container import container

    source, backend = container.dataset(str(studies)), container.load_backends(["cnn-onnx"])[0]
    manifest = manifest_of(backend, seed=0, versions={})
    clock = _Clock()
    for study_id in source.study_ids():
        content = source.content_hash(study_id)
        study = source.study(study_id)
        load_modalities(study, study.volumes)
        (answer,) = ask(backend, [study])
        score = ScoreStudy.of(source, study_id, content, study)
        score(StudyPrediction("key", study_id, *answer), manifest)
    clock.stop()


def kept(studies: Path, out: Path) -> None:
    """Do the same by the executor, into a store."""
    from gliobench.adapters.executors import InProcessExecutor
    from gliobench.application.evaluate.evaluate_batch import EvaluateBatch
    from gliobench.application.evaluate.evaluate_cohort import EvaluateCohort
    from gliobench.entrypoints.container import container

    source, store = container.dataset(str(studies)), container.run_place(str(out)).store
    work = EvaluateBatch(source, [container.load_backends(["cnn-onnx"])[0]], open_store=store)
    evaluate_cohort = EvaluateCohort(source, InProcessExecutor(), open_store=store)
    clock = _Clock()
    evaluate_cohort(lambda: work, source.study_ids())
    clock.stop()


CONTENDERS = {"bare loop": bare, "executor and store": kept}


class _Clock:
    def __init__(self) -> None:
        self._start = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        seconds, cpu = time.perf_counter() - self._start[0], time.process_time() - self._start[1]
        print(json.dumps([seconds, cpu]))


def main() -> None:
    """Write the phantoms, then measure both."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--studies", type=int, default=16)
    parser.add_argument("--spacing", type=float, default=1.0, help="of the phantoms, in mm")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contender", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.contender:
        name, studies, out = arguments.contender
        CONTENDERS[name](Path(studies), Path(out))
        return
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{one} {version(one)}" for one in ("gliobench", "numpy", "pyarrow")))
    with tempfile.TemporaryDirectory() as temporary:
        studies = Path(temporary) / "phantoms"
        _write_phantoms(studies, arguments.studies, arguments.spacing)
        _overhead(studies, Path(temporary), arguments.rounds)
        _throughput(studies, Path(temporary), arguments.studies)


def _write_phantoms(folder: Path, count: int, spacing_mm: float) -> None:
    from gliobench.adapters.phantom import PhantomStudySource, export_phantoms

    export_phantoms(folder, PhantomStudySource(count, spacing_mm=spacing_mm))


def _overhead(studies: Path, temporary: Path, rounds: int) -> None:
    told: dict[str, list[list[float]]] = {name: [] for name in CONTENDERS}
    for number in range(rounds):
        for name, taken in told.items():
            out = temporary / f"overhead-{number}"
            line = [sys.executable, __file__, "--contender", name, str(studies), str(out)]
            done = subprocess.run(line, env=_one_thread(), check=True, stdout=subprocess.PIPE)
            taken.append(json.loads(done.stdout.splitlines()[-1]))
    medians = {
        name: [statistics.median(one) for one in zip(*t, strict=True)] for name, t in told.items()
    }
    print(f"\n{'':20} {'seconds':>8} {'CPU s':>7} {'CPU against bare':>17}")
    for name, (seconds, cpu) in medians.items():
        share = cpu / medians["bare loop"][1] - 1
        print(f"{name:20} {seconds:8.1f} {cpu:7.1f} {share:17.1%}", flush=True)


def _throughput(studies: Path, temporary: Path, count: int) -> None:
    cases = [
        ("1 worker", 1, [["--workers", "1"]]),
        ("1 worker", 2, [["--workers", "1"]]),
        ("2 workers", 2, [["--workers", "2"]]),
        ("2 shards", 2, [["--shard", "0/2"], ["--shard", "1/2"]]),
    ]
    print(f"\n{'':12} {'cores':>5} {'seconds':>8} {'studies a minute':>17} {'efficiency':>11}")
    alone = 0.0
    for name, cores, flags in cases:
        seconds = _commands(studies, temporary / f"{name}-{cores}".replace(" ", "-"), flags, cores)
        alone = alone or seconds
        print(
            f"{name:12} {cores:5} {seconds:8.1f} {60 * count / seconds:17.0f} "
            f"{alone / seconds / cores:11.2f}",
            flush=True,
        )


def _commands(studies: Path, out: Path, flags: Sequence[Sequence[str]], cores: int) -> float:
    """Run commands side by side on some cores; seconds until the last one ends."""
    line = [sys.executable, "-m", "gliobench", "evaluate", str(studies), "--backend", "cnn-onnx"]
    all_cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(all_cores)[:cores])  # which processes inherit
    start = time.perf_counter()
    running = [
        subprocess.Popen(
            [*line, "--out", str(out), *one], env=_one_thread(), stdout=subprocess.DEVNULL
        )
        for one in flags
    ]
    if any(one.wait() not in (0, 3) for one in running):
        raise SystemExit(f"evaluate {flags} failed")
    os.sched_setaffinity(0, all_cores)
    return time.perf_counter() - start


def _one_thread() -> dict[str, str]:
    return {**os.environ, "GLIOBENCH_THREADS": "1", "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    main()
