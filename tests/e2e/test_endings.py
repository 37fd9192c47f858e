"""Pipes, terminals and disks that the output goes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import loaded_python
from gliobench.entrypoints.settings import load_settings

SHOW = (sys.executable, "-m", "gliobench", "config", "show")


def _run(*command: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command, capture_output=True, env={**os.environ, **environment}, check=False
    )


def test_a_pipe_that_is_closed_ends_the_command_quietly() -> None:
    line = " ".join([sys.executable, "-m", "gliobench", "config", "show", "--json"])

    result = _run("bash", "-c", f"{line} | true; {line} | head -c 1; exit ${{PIPESTATUS[0]}}")

    assert result.returncode in (0, 1)
    assert result.stderr == b""


def test_a_full_disk_behind_stdout_is_one_line_and_may_be_tried_again() -> None:
    result = _run("bash", "-c", f"{' '.join(SHOW)} > /dev/full")

    assert result.returncode == 75
    assert result.stderr.count(b"\n") == 1
    assert b"No space left on device" in result.stderr


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_a_terminal_that_lacks_characters_gets_json_all_the_same(encoding: str) -> None:
    setting = "Глиома – 膠 😀"

    result = _run(
        *loaded_python(*SHOW[1:]),
        "--json",
        PYTHONIOENCODING=encoding,
        GLIOBENCH_LLAMA__MODEL=setting,
        PYTHONUTF8="0",
    )

    assert (result.returncode, result.stderr) == (0, b"")
    assert json.loads(result.stdout.decode(encoding))["llama.model"]["value"] == setting


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_lacks_characters_is_shown_tables_and_errors(encoding: str) -> None:
    shown = _run(
        *loaded_python(*SHOW[1:]), PYTHONIOENCODING=encoding, GLIOBENCH_LLAMA__MODEL="Глиома"
    )
    wrong = _run(*loaded_python(*SHOW[1:]), PYTHONIOENCODING=encoding, GLIOBENCH_THREADS="Глиома")

    assert (shown.returncode, shown.stderr) == (0, b"")
    assert wrong.returncode == 1
    assert wrong.stderr.startswith(b"error: GLIOBENCH_THREADS: got '\\u0413\\u043b")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_a_process_that_was_started_without_its_streams_ends_by_its_exit_code(closed: str) -> None:
    right = _run("bash", "-c", f"{' '.join(SHOW)} --json {closed}")
    wrong = _run("bash", "-c", f"{' '.join(SHOW)} {closed}", GLIOBENCH_THREADS="x")

    assert (right.returncode, wrong.returncode) == (0, 1)
    assert b"Traceback" not in right.stderr + wrong.stderr


def test_a_user_without_a_home_has_a_cache_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)

    assert load_settings().cache_dir.name == "gliobench-cache"
