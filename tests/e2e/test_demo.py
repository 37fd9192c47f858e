"""`gliobench demo`, as a stranger runs it: no data, and no library of an extra."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command_line import gliobench_process

EXTRAS = ("torch", "monai", "nilearn", "transformers", "pydicom")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def first(home: Path) -> str:
    """What is printed."""
    done = gliobench_process("demo", cwd=home, without=EXTRAS)
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

    done = gliobench_process("demo", "--json", cwd=home, without=EXTRAS)

    places = json.loads(done.stdout)
    named = [places["studies"], places["run"], places["report"], *places["prediction"].values()]
    assert all((home / place).exists() for place in named)
    assert set((home / "gliobench-demo").rglob("part-*.parquet")) == parts
    assert places["simulated"] is True
