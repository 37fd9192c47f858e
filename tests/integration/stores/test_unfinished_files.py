"""What killed processes leave is removed by the next, and what live ones write is not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gliobench.adapters.storage import open_storage
from gliobench.domain.files.whole import ABANDONED_AFTER_S, write_whole

WRITER = """
import sys, time
from pathlib import Path
from gliobench.adapters.storage import open_storage
with open_storage(sys.argv[1]).writing("masks/one") as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def hidden_files(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob(".*")]


@pytest.fixture
def writer(tmp_path: Path) -> subprocess.Popen[str]:
    """A process amid a write, a second after it began."""
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    for path in (tmp_path / "masks").glob(".*"):
        os.utime(path, (time.time() - 5, time.time() - 5))
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_what_a_killed_process_left_is_removed_by_the_next_that_writes_there(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(hidden_files(tmp_path)) == 1

    open_storage(str(tmp_path)).write("masks/two", b"whole")

    assert hidden_files(tmp_path) == []
    assert [path.name for path in (tmp_path / "masks").iterdir()] == ["two"]


def test_what_another_process_is_writing_is_left_alone(
    writer: subprocess.Popen[str], tmp_path: Path
) -> None:
    open_storage(str(tmp_path)).write("masks/two", b"whole")

    assert len(hidden_files(tmp_path)) == 1


def test_where_no_lock_can_tell_age_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gliobench.domain.files.whole.fcntl", None)
    old, recent = tmp_path / ".a.1.tmp", tmp_path / ".b.2.tmp"
    for path, age_s in ((old, ABANDONED_AFTER_S + 60), (recent, 60)):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - age_s,) * 2)

    open_storage(str(tmp_path)).write("file", b"whole")

    assert hidden_files(tmp_path) == [recent.name]


def test_other_hidden_files_are_nobody_s_business(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("mine")

    open_storage(str(tmp_path)).write("file", b"whole")

    assert hidden_files(tmp_path) == [".profile"]


def test_only_what_was_left_of_the_same_file_is_removed_beside_a_user_s_own(tmp_path: Path) -> None:
    ours, theirs = tmp_path / ".report.json.1.tmp", tmp_path / ".draft.tmp"
    for path in (ours, theirs):
        path.write_bytes(b"half")
        os.utime(path, (time.time() - ABANDONED_AFTER_S - 60,) * 2)

    write_whole(tmp_path / "report.json", b"{}")

    assert hidden_files(tmp_path) == [theirs.name]
