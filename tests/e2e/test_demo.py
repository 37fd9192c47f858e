"""`gliobench demo`, as a stranger runs it: no data, and no library of an extra."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BARRED = """
import sys

class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "monai", "nilearn", "transformers", "pydicom"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Barred())
from gliobench.entrypoints.cli import app
app(sys.argv[1:])
"""


def gliobench(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BARRED, *arguments]
    one_core = {**os.environ, "GLIOBENCH_THREADS": "1", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=cwd, env=one_core, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path) -> str:
    """What is printed."""
    done = gliobench("demo", cwd=home)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_report_is_written_and_stamped_simulated(first: str, home: Path) -> None:
    page = home / "gliobench-demo" / "run" / "report.html"

    assert "Report: gliobench-demo/run/report.html" in first
    assert "SIMULATED" in page.read_text(encoding="utf-8")


def test_the_next_commands_are_printed(first: str) -> None:
    _, _, after = first.partition("Next,")

    for command in ("predict STUDY_DIR", "evaluate DATASET", "score REFERENCES PREDICTIONS"):
        assert f"  gliobench {command}" in after


@pytest.mark.usefixtures("first")
def test_the_same_command_goes_on_and_names_its_files_as_json(home: Path) -> None:
    parts = set((home / "gliobench-demo").rglob("part-*.parquet"))

    done = gliobench("demo", "--json", cwd=home)

    places = json.loads(done.stdout)
    named = [places["studies"], places["run"], places["report"], *places["prediction"].values()]
    assert all((home / place).exists() for place in named)
    assert set((home / "gliobench-demo").rglob("part-*.parquet")) == parts
    assert places["simulated"] is True
