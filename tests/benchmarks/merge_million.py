"""Merge shards of many scores, and report on the whole: seconds, processor seconds, peak memory.

    python tests/benchmarks/merge_million.py --rows 10000 100000 1000000

Scores are made up, in the folders that `gliobench evaluate --shard` leaves; `gliobench merge` then
runs in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gliobench.application.evaluate.run_layout import run_name
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.run_store import RunManifest
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.studies.study import Grade
from gliobench.entrypoints.container import container

SHARDS = 10
SITES = ("CBICA", "TCIA", "2013")


def main() -> None:
    """Make shards of growing cohorts, and merge each."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    arguments = parser.parse_args()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(", ".join(f"{one} {version(one)}" for one in ("gliobench", "numpy", "pyarrow")))
    print(f"{'rows':>9} {'shards':>7} {'seconds':>8} {'CPU s':>6} {'peak MiB':>9} {'page MB':>8}")
    for rows in arguments.rows:
        with tempfile.TemporaryDirectory() as temporary:
            _write_shards(temporary, rows)
            _measure(temporary, rows)


def _write_shards(out: str, rows: int) -> None:
    ids = [f"study-{number:08}" for number in range(rows)]
    for index in range(SHARDS):
        shard = Shard(index, SHARDS)
        store = container.run_place(out).store(run_name("made-up", shard))
        store.open(_manifest(shard, rows))
        store.write_scores(_scores(shard.take(ids), seed=index))
        store.finish()


def _manifest(shard: Shard, rows: int) -> RunManifest:
    return RunManifest(
        cohort=shard.name,
        backend="made-up",
        fingerprint="f" * 64,
        provenance={},
        grades=True,
        forms=frozenset(),
        settings={},
        trained_on=frozenset(),
        seed=0,
        n_studies=rows // SHARDS,
        shard=shard.name,
        listing="l" * 64,
        listed=rows,
    )


def _scores(ids: list[str], seed: int) -> Iterator[CaseScore]:
    rng = np.random.default_rng(seed)
    for study_id in ids:
        high = rng.random() < 0.8
        said = float(np.clip(rng.normal(0.6 if high else 0.4, 0.2), 0, 1))
        yield CaseScore(
            study_id=study_id,
            patient_id=study_id,
            site=SITES[int(rng.integers(len(SITES)))],
            reference_grade=Grade.HGG if high else Grade.LGG,
            grade=GradePrediction(Grade.HGG if said >= 0.5 else Grade.LGG, said),
            localisation={},
            plane=None,
            oracle=False,
            content_hash="c" * 64,
        )


def _measure(out: str, rows: int) -> None:
    start = time.perf_counter()
    line = [sys.executable, "-m", "gliobench", "merge", out]
    process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        raise SystemExit(f"merge of {rows} rows failed")
    cpu_s = usage.ru_utime + usage.ru_stime
    page_mb = (Path(out) / "report.html").stat().st_size / 1e6
    print(
        f"{rows:9,} {SHARDS:7} {seconds:8.1f} {cpu_s:6.1f} {usage.ru_maxrss / 1024:9.0f} "
        f"{page_mb:8.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
