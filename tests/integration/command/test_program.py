"""Programs in processes of their own: what they get, how they end, and what is left of them."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes import fake_program
from gliobench.adapters.command import program as module
from gliobench.adapters.command.program import (
    Ended,
    Limits,
    environment,
    without_network,
    workplace,
)

PROGRAM = str(Path(fake_program.__file__))
LONG = Limits(60.0)


def run(mode: str, *words: str, limits: Limits = LONG, env: dict[str, str] | None = None) -> Ended:
    with workplace() as place:
        for name in ("in", "out"):
            (place.folder / name).mkdir()
        (place.folder / "in" / "case_000_0000.nii.gz").touch()
        argv = [sys.executable, PROGRAM, mode, str(place.folder / "in"), str(place.folder / "out")]
        return place.run([*argv, *words], env=environment((), None) | (env or {}), limits=limits)


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def wait_until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_words_reach_a_program_as_they_are_without_a_shell() -> None:
    words = ["$HOME; echo *", "a  b", "é 'ü\"", "`id`"]

    ended = run("tells", *words)

    assert json.loads(ended.said)["words"] == words


def test_a_program_sees_no_secret_and_has_a_home_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the-secret")
    monkeypatch.setenv("MINE", "named")

    ended = run("tells", env=environment(["MINE", "OTHER=a=b", "ABSENT"], 3))

    seen = json.loads(ended.said)
    mine = seen["environment"]
    assert "the-secret" not in ended.said
    assert mine["MINE"] == "named"
    assert mine["OTHER"] == "a=b"
    assert mine["OMP_NUM_THREADS"] == "3"
    assert mine["HOME"].startswith(seen["cwd"])
    assert mine["TMPDIR"].startswith(seen["cwd"])
    assert set(mine) <= {*module.PASSED_ON, *module.THREADS, "MINE", "OTHER", "HOME", "TMPDIR"}
    assert seen["stdin"] == ""


def test_its_folder_is_private_and_gone_afterwards() -> None:
    with workplace() as place:
        assert place.folder.stat().st_mode & 0o077 == 0
        (place.folder / "image of a patient").write_text("x")

    assert not place.folder.exists()


def test_what_it_printed_last_is_kept_with_its_exit_code_however_much_it_was() -> None:
    ended = run("loud")

    assert (ended.exit_code, ended.reason) == (1, "")
    assert ended.said.rstrip().endswith("the last line")
    assert len(ended.said) <= 8192


def test_a_program_that_is_not_there_is_reported() -> None:
    with workplace() as place:
        ended = place.run(["/no/such/program"], env={}, limits=Limits(5.0, network=True))

    assert ended.exit_code is None
    assert "No such file" in ended.said


def test_one_that_hangs_is_ended_with_the_children_that_left_its_session(tmp_path: Path) -> None:
    ended = run("hang", str(tmp_path / "pids"), limits=Limits(3.0))

    assert ended.reason == "timeout"
    assert all(is_gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_one_that_ignores_the_request_to_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GRACE_S", 0.2)

    ended = run("stubborn", limits=Limits(2.0))

    assert (ended.exit_code, ended.reason) == (-signal.SIGKILL, "timeout")


def test_children_that_outlive_a_program_are_killed_and_not_waited_for(tmp_path: Path) -> None:
    ended = run("leave_child", str(tmp_path / "pid"), limits=Limits(20.0))

    assert ended.reason == ""
    assert is_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_one_that_takes_too_much_memory_is_ended() -> None:
    ended = run("hungry", limits=Limits(60.0, memory_bytes=200 * 2**20))

    assert ended.reason == "memory"


@pytest.mark.skipif(not without_network(), reason="this system denies no network")
@pytest.mark.parametrize("allowed", [False, True])
def test_it_reaches_the_network_only_where_that_is_allowed(allowed: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        ended = run("network", str(server.getsockname()[1]), limits=Limits(20.0, network=allowed))

    assert (ended.exit_code == 0) is allowed


PARENT = """
import signal, sys
from gliobench.adapters.command.program import Limits, environment, workplace

signal.signal(signal.SIGINT, signal.default_int_handler)  # tests in the background ignore it
with workplace() as place:
    (place.folder / "in").mkdir()
    print(place.folder, flush=True)
    words = [sys.executable, sys.argv[1], "hang", str(place.folder / "in"), "out", sys.argv[2]]
    place.run(words, env=environment((), None), limits=Limits(600.0))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_when_gliobench_is_killed_its_program_and_the_images_are_gone(
    tmp_path: Path, number: signal.Signals
) -> None:
    pids = tmp_path / "pids"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, PROGRAM, str(pids)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    with parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().strip())
        wait_until(pids.exists)
        os.killpg(parent.pid, number)  # as a terminal or a scheduler does

    wait_until(lambda: all(is_gone(int(pid)) for pid in pids.read_text().split()))
    wait_until(lambda: not folder.exists())
