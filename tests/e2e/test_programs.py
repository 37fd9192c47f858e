"""A program as a backend, from the command line: checked, evaluated, killed and resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import loaded_python
from e2e.conftest import RunCli
from fakes.program_backend import PROGRAM

TABLE = """
[backend.{name}]
kind = "command"
command = "'{python}' '{program}' {mode} {{input}} {{output}} {words}"
input = "nnunet"
labels = "tumour"
{more}
"""


def declare(folder: Path, name: str, mode: str, words: str = "", more: str = "") -> None:
    with (folder / "gliobench.toml").open("a") as file:
        file.write(
            TABLE.format(
                name=name, python=sys.executable, program=PROGRAM, mode=mode, words=words, more=more
            )
        )


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not what():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"


def test_doctor_tries_programs_without_a_study(gliobench_process: RunCli, tmp_path: Path) -> None:
    declare(tmp_path, "good", "threshold", more=f"check = \"'{sys.executable}' --version\"")
    declare(tmp_path, "bad", "threshold", more=f"check = \"'{sys.executable}' --no-such-option\"")
    with (tmp_path / "gliobench.toml").open("a") as file:
        file.write('\n[backend.absent]\nkind = "command"\ncommand = "no-such-program {output}"\n')
        file.write('labels = "tumour"\n')

    doctor = gliobench_process("doctor", "--json")

    checks = {check["name"]: check for check in json.loads(doctor.stdout)}
    assert doctor.returncode == 1
    assert checks["backend good"]["ok"] is True
    assert "exit code 2" in checks["backend bad"]["found"]
    assert checks["backend absent"]["ok"] is False
    assert "no-such-program: wanted a program on PATH" in checks["backend absent"]["found"]


def test_programs_are_evaluated_by_workers_and_every_failure_counts(
    gliobench_process: RunCli, tmp_path: Path
) -> None:
    declare(tmp_path, "bright", "threshold", more="batch = true")
    declare(tmp_path, "broken", "crash")

    done = gliobench_process(
        *("--set", "workers=2", "evaluate", "phantom:3:0:4", "--backend", "bright"),
        *("--backend", "broken", "--out", "run"),
    )

    assert done.returncode == 3, done.stderr
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    arms = {arm["name"]: arm for arm in report["arms"]}
    assert arms["bright"]["provenance"]["network"]
    cases = (tmp_path / "run" / "report.html").read_text()
    assert "ended with exit code 3" in cases
    assert "no model for Phantom_0000" in cases
    assert str(tmp_path) not in (tmp_path / "run" / "bright" / "manifest.json").read_text()


@pytest.mark.slow
def test_an_evaluation_that_is_killed_ends_the_program_of_its_worker_and_resumes(
    gliobench_process: RunCli, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "hang").touch()
    declare(tmp_path, "slow", "hang_at_second", f"'{calls}'")
    words = ("evaluate", "phantom:3:0:4", "--backend", "slow", "--out", "run")
    flags = ("--set", "batch_size=1", "--set", "study_timeout_s=600")
    line = loaded_python("-m", "gliobench", *flags, *words)

    with subprocess.Popen(
        line, cwd=tmp_path, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    ) as first:
        wait_until((calls / "pids").exists)
        wait_until(lambda: any((tmp_path / "run" / "slow").glob("predictions/part-*")))
        os.kill(first.pid, signal.SIGKILL)
    wait_until(lambda: all(is_gone(int(pid)) for pid in (calls / "pids").read_text().split()))
    (calls / "hang").unlink()
    again = gliobench_process(*flags, *words)

    assert again.returncode == 0, again.stderr
    assert len(list(calls.glob("call-*"))) == 4  # three studies, one of them twice
