"""A real process, evaluating, is killed at any moment; the same command goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

STUDIES = 24
SCRIPT = f"""
import sys, time

from fakes.evaluation import evaluate
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier, by_brightness
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import FakeStudySource, fake_case

from gliobench.adapters.storage import open_storage
from gliobench.adapters.parquet import ParquetRunStore


def slowly(study):
    time.sleep(float(sys.argv[2]))
    return by_brightness(study)


source = FakeStudySource(fake_case(f"s{{n:02}}") for n in range({STUDIES}))
slow = fake_backend("slow", classifier=FakeClassifier(slowly), localizer=FakeLocalizer())
store = ParquetRunStore(open_storage(sys.argv[1]))
evaluate(source, [slow], lambda name: store, batch_size=2)
"""
TESTS = Path(__file__).parents[1]


def start(run: Path, *, pause_s: float) -> subprocess.Popen[bytes]:
    """Evaluate in a process of its own, so slowly that it can be met at work."""
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(run), str(pause_s)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def kill_after(run: Path, *, parts: int) -> None:
    """Start, and kill without warning once some parts are written."""
    process = start(run, pause_s=0.03)
    patience = time.monotonic() + 300
    while len(list(run.glob("predictions/part-*.parquet"))) < parts:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < patience, "wrote nothing"
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def finish(run: Path) -> None:
    assert start(run, pause_s=0).wait() == 0


def predictions(run: Path) -> list[dict[str, Any]]:
    rows = [
        row for part in run.glob("predictions/*.parquet") for row in pq.read_table(part).to_pylist()
    ]
    return sorted(rows, key=lambda row: (row["study_id"], row["task"]))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("undisturbed") / "slow"
    finish(run)
    return run


def test_a_run_killed_twice_and_resumed_equals_an_undisturbed_one(
    tmp_path: Path, undisturbed: Path
) -> None:
    run = tmp_path / "slow"

    kill_after(run, parts=3)
    kept = predictions(run)
    kill_after(run, parts=7)
    finish(run)

    rows = predictions(run)
    assert 3 * 2 * 2 <= len(kept) < STUDIES * 2
    assert rows == predictions(undisturbed)
    assert len(rows) == STUDIES * 2
    for name in ("scores.parquet", "manifest.json"):
        assert (run / name).read_bytes() == (undisturbed / name).read_bytes()
    masks = {path.name: path.read_bytes() for path in undisturbed.glob("masks/*.npz")}
    assert {path.name: path.read_bytes() for path in run.glob("masks/*.npz")} == masks


def test_what_was_predicted_before_the_kill_is_not_predicted_again(tmp_path: Path) -> None:
    run = tmp_path / "slow"
    kill_after(run, parts=4)
    before = {path: path.stat().st_mtime_ns for path in run.glob("predictions/part-*.parquet")}

    finish(run)

    assert {path: path.stat().st_mtime_ns for path in before} == before
