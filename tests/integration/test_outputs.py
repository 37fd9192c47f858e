"""Where a command may write is looked at before anything is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from command_line import gliobench
from gliobench.entrypoints import outputs

COMMANDS = {
    "evaluate": ("evaluate", "no-such-dataset", "--backend", "majority", "--out"),
    "predict": ("predict", "no-such-study", "--out"),
    "compare": ("compare", "no-such-run", "--out"),
    "report": ("report", "no-such-run", "--out"),
    "split": ("dataset", "split", "no-such-dataset", "--folds", "2", "--out"),
    "verify": ("dataset", "verify", "no-such-dataset", "--quarantine"),
    "export": ("export", "no-such-run", "--check", "no-such-dataset", "--out"),
    "localizer": ("train", "localizer", "no-such-dataset", "--out"),
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("place", ["", " ", "/", "//", "/tmp/.."])
def test_no_command_writes_nowhere_or_into_the_root(command: str, place: str) -> None:
    if command == "compare":
        place = place.replace("/tmp/..", "/")

    result = gliobench(*COMMANDS[command], place)

    assert result.exit_code == 1
    assert result.stderr.startswith("error: output ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("below", ["", "/below", "/below/further"])
def test_a_file_in_the_way_is_named_before_anything_is_read(
    command: str, below: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    if not below and command in ("split", "verify"):  # which write a file, and may replace it
        (tmp_path / "file").unlink()
        (tmp_path / "file").mkdir()

    result = gliobench(*COMMANDS[command], f"{tmp_path}/file{below}")

    assert result.exit_code == 1
    assert "file" in result.stderr
    assert "choose another place" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_a_place_that_may_not_be_written_ends_every_command_alike(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs.os, "access", lambda path, mode: mode != os.W_OK)  # root may all

    result = gliobench(*COMMANDS[command], f"{tmp_path}/new")

    assert result.exit_code == 75
    assert "cannot be written: Permission denied" in result.stderr


@pytest.mark.parametrize("place", ["a" * 300, "a/" * 3000, "loop"])
def test_a_name_that_no_file_can_have_is_one_line(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")

    result = gliobench(*COMMANDS["evaluate"], place)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert len(result.stderr) < 1100


def test_a_folder_that_is_not_there_yet_and_a_url_may_be_written(tmp_path: Path) -> None:
    for place in (f"{tmp_path}/a/b", str(tmp_path), ".", "s3://bucket/run", None):
        assert outputs.output_folder(place) == place


@pytest.mark.parametrize("command", ["predict", "split", "verify", "export", "localizer"])
def test_what_writes_on_this_machine_only_makes_no_folder_of_a_url(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    result = gliobench(*COMMANDS[command], "s3://bucket/run")

    assert result.exit_code == 1
    assert "of this machine" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["split", "verify"])
def test_a_device_or_a_pipe_is_not_replaced_by_a_file(command: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    result = gliobench(*COMMANDS[command], tmp_path / "pipe")

    assert result.exit_code == 1
    assert "a device or a pipe is there: wanted a file" in result.stderr
    assert (tmp_path / "pipe").is_fifo()
