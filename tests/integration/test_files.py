from __future__ import annotations

from pathlib import Path

import pytest

from gliobench.domain.errors import JobError
from gliobench.domain.files.whole import write_whole
from gliobench.entrypoints.progress import tracked


def test_a_file_appears_whole_in_a_folder_made_for_it(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "report.json"

    write_whole(path, b"{}")

    assert path.read_bytes() == b"{}"
    assert [one.name for one in path.parent.iterdir()] == ["report.json"]


def test_an_older_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, b"old and long")

    write_whole(path, b"new")

    assert path.read_bytes() == b"new"


def test_a_file_that_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()

    with pytest.raises(JobError, match=r"taken cannot be written: Is a directory"):
        write_whole(tmp_path / "taken", b"x")
    assert [one.name for one in tmp_path.iterdir()] == ["taken"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JobError, match=r"file/report\.json cannot be written"):
        write_whole(tmp_path / "file" / "report.json", b"x")


def test_progress_passes_everything_on_and_is_silent_without_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(tracked("counting", range(5))) == [0, 1, 2, 3, 4]

    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "")
