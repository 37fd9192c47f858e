"""A sample of `make fuzz`, and whether the harness would notice."""

from __future__ import annotations

import pickle
import subprocess
from pathlib import Path

import pytest

from command_line import loaded_python
from fuzz.harness import MEMORY_BYTES, _faults, _tree

DOSE, FULL_DOSE = ("--inputs", "1", "--seed", "2"), ("--inputs", "60")
"""Inputs of each kind; the raw head of this seed is refused before it is registered, which takes longest."""


@pytest.mark.slow
def test_no_hostile_input_is_more_than_one_line(full: bool) -> None:
    tests, dose = Path(__file__).parents[1], FULL_DOSE if full else DOSE

    result = subprocess.run(
        loaded_python("-m", "fuzz", *dose, "--jobs", "2"),
        cwd=tests,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.count("\n") > 10  # a row of each kind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("home", "tmp", "cwd", "cwd/out"):
        (tmp_path / name).mkdir()
    (tmp_path / "before").write_bytes(pickle.dumps(_tree(tmp_path)))
    return tmp_path


def _judge(root: Path, code: int = 1, *, stdout: str = "", stderr: str = "error: x\n") -> list[str]:
    return list(_faults(root, code, stdout, stderr, 1.0, 2**20))


@pytest.mark.parametrize(
    ("code", "stderr"), [(0, ""), (3, "a note\n"), (1, "error: x\n"), (2, "error: y\n")]
)
def test_what_is_documented_is_no_fault(root: Path, code: int, stderr: str) -> None:
    (root / "cwd" / "out" / "report.json").write_text("{}")

    assert _judge(root, code, stderr=stderr) == []


@pytest.mark.parametrize(
    ("code", "stdout", "stderr"),
    [
        (70, "", "error: x\n"),
        (-11, "", ""),
        (1, "", ""),
        (1, "", "x\n"),
        (1, "", "error: x\nerror: y\n"),
        (0, "", "Traceback (most recent call last):\n"),
        (0, "", "a.py:3: RuntimeWarning: overflow\n"),
        (1, "", f"error: {'a' * 2000}\n"),
        (0, "\x1b[31m", ""),
        (0, "\u202e", ""),
        (1, "", "error: out of memory: wanted more\n"),
    ],
)
def test_what_is_not_documented_is_a_fault(root: Path, code: int, stdout: str, stderr: str) -> None:
    assert _judge(root, code, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize("place", ["home/.cache", "tmp/left", "cwd/run.json"])
def test_a_file_outside_of_the_folder_asked_for_is_a_fault(root: Path, place: str) -> None:
    (root / place).write_text("x")

    assert any(place in one for one in _judge(root))


def test_memory_and_time_beyond_their_bounds_are_faults(root: Path) -> None:
    assert list(_faults(root, 0, "", "", 61.0, 2**20)) == ["took longer than 60 s"]
    assert list(_faults(root, 0, "", "", 1.0, MEMORY_BYTES + 1)) == ["2.0 GiB of memory"]
