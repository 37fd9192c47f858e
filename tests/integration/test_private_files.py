"""Who may read what gliobench writes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from command_line import gliobench


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[bool, set[int]]:
    """The modes of folders (True) and files (False)."""
    found: dict[bool, set[int]] = {True: set(), False: set()}
    for path in folder.rglob("*"):
        found[path.is_dir()].add(stat.S_IMODE(path.stat().st_mode))
    return found


def evaluate(out: Path, *settings: str) -> None:
    given = [one for setting in settings for one in ("--set", setting)]
    arguments = ["phantom:1:0:4", "--backend", "centre-prior", "--out", str(out)]
    result = gliobench(*given, "evaluate", *arguments)
    assert result.exit_code == 0, result.output


def test_a_run_and_its_report_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    evaluate(tmp_path / "run", "keep.pictures=1")

    assert modes(tmp_path) == {True: {0o700}, False: {0o600}}


def test_a_group_may_read_where_the_settings_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gliobench.entrypoints.files._INHERITED", 0o022)

    evaluate(tmp_path / "run", "private=false")

    assert modes(tmp_path) == {True: {0o755}, False: {0o644}}
