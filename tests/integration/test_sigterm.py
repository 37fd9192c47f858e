"""SIGTERM to a real process: the batch in hand is finished and kept, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from command_line import loaded_python

TESTS = Path(__file__).parents[1]
STUDIES = 40
SCRIPT = f"""
import sys, time
from dependency_injector import providers
from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier, by_brightness
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.entrypoints.cli import main
from gliobench.entrypoints.container import container


def slowly(study):
    time.sleep(0.05)
    return by_brightness(study)


source = FakeStudySource(fake_case(f"s{{n:02}}") for n in range({STUDIES}))
container.brats_source.override(providers.Object(source))
container.backend.override(
    providers.Callable(lambda name, **_: fake_backend(name, classifier=FakeClassifier(slowly)))
)
main()
"""


def start(out: Path, script: str = SCRIPT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        loaded_python(
            *("-c", script, "evaluate", "cohort", "--backend", "slow", "--out", str(out))
        ),
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str, int]:
    """A run that was told to stop: its folder, exit code and stderr, and the parts it left."""
    out = tmp_path_factory.mktemp("stopped")
    process = start(out)
    patience = time.monotonic() + 300
    while len(list(out.glob("slow/predictions/part-*.parquet"))) < 3:
        assert process.poll() is None, "ended before it could be stopped"
        assert time.monotonic() < patience, "wrote nothing"
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate()
    return out, process.returncode, told, len(list(out.glob("slow/predictions/part-*.parquet")))


def test_a_terminated_run_says_how_far_it_came_and_exits_143(
    stopped: tuple[Path, int, str, int],
) -> None:
    _, code, told, parts = stopped

    assert code == 143
    last = told.splitlines()[-1]
    assert last == (
        f"error: stopped after {2 * parts} of {STUDIES} predictions, which are kept: the same "
        "command goes on"
    )


def test_the_same_command_goes_on_with_what_is_missing(
    stopped: tuple[Path, int, str, int], tmp_path: Path
) -> None:
    out, _, _, parts = stopped
    before = {path: path.stat().st_mtime_ns for path in out.rglob("part-*.parquet")}
    undisturbed = start(tmp_path)

    resumed = start(out)

    for process in (resumed, undisturbed):
        process.communicate()
        assert process.returncode == 3  # brains of a few voxels are named
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert 3 <= parts < STUDIES / 2
    for name in ("slow/scores.parquet", "slow/manifest.json", "report.html", "report.json"):
        assert (out / name).read_bytes() == (tmp_path / name).read_bytes()


def test_every_line_of_a_jobs_log_is_json_save_the_error(
    stopped: tuple[Path, int, str, int],
) -> None:
    _, _, told, _ = stopped

    *events, error = told.splitlines()

    assert [json.loads(line)["event"] for line in events][:1] == ["evaluation_progressed"]
    assert error.startswith("error: ")


def test_before_the_first_batch_sigterm_ends_the_process_at_once(tmp_path: Path) -> None:
    listing = """
import sys


def study_ids():
    print("listing", file=sys.__stdout__, flush=True)
    time.sleep(1000)


source.study_ids = study_ids
main()
"""
    process = start(tmp_path, SCRIPT.replace("\nmain()\n", listing))
    assert process.stdout is not None
    assert process.stdout.readline() == "listing\n"

    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 143
    process.communicate()
