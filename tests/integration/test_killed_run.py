"""A process that evaluates is killed in the middle; faults/test_kills.py compares what is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from command_line import loaded_python

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
        loaded_python("-c", SCRIPT, str(run), str(pause_s)),
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


def test_what_was_predicted_before_the_kill_is_not_predicted_again(tmp_path: Path) -> None:
    run = tmp_path / "slow"
    kill_after(run, parts=4)
    before = {path: path.stat().st_mtime_ns for path in run.glob("predictions/part-*.parquet")}

    finish(run)

    assert {path: path.stat().st_mtime_ns for path in before} == before
