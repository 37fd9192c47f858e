"""Runs one program, and ends it with all that it started as soon as gliobench is gone.

A script for a process of its own, which needs nothing but Python: a process that is killed cannot
clean up, so another one has to. `program.py` starts it.

Its one argument is a folder, which it removes at its end. It reads one order, a line of JSON, from
stdin, and answers with one line of JSON on stdout when the program has ended. The end of stdin means
that gliobench wants no more, or is gone.
"""

from __future__ import annotations

import ctypes
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

TAIL_BYTES = 8192
"""Of the end of what a program prints."""
LOOK_S = 0.05
"""Between two looks at a program that prints nothing."""
LONGEST_KILL_S = 5.0
"""A process may be deaf to a kill for a while, such as in a driver."""
_PDEATHSIG, _SUBREAPER = 1, 36


def main() -> None:
    """Follow one order."""
    folder = sys.argv[1]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    try:
        line = sys.stdin.buffer.readline()
        if line:
            ended = run(**json.loads(line))
            with suppress(BrokenPipeError):
                sys.stdout.write(json.dumps(ended) + "\n")
                sys.stdout.flush()
            sys.stdin.buffer.read()  # until the files have been read
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(
    *,
    argv: list[str],
    env: dict[str, str],
    cwd: str,
    timeout_s: float,
    grace_s: float,
    memory_bytes: int | None,
) -> dict[str, Any]:
    """Run a program to its end, or to its limits.

    Args:
        argv: The program and its arguments; no shell is involved.
        env: Its whole environment.
        cwd: The folder that it starts in.
        timeout_s: After that it is asked to end.
        grace_s: After that it is killed.
        memory_bytes: Of anonymous memory, of all its processes together; None for no limit.

    Returns:
        `exit_code` (negative: the signal that ended it), `reason` ("", "timeout", "memory" or
        "stopped") and the last bytes that it printed, as `said`.
    """
    _call("prctl", _SUBREAPER, 1)  # orphans among its processes become ours
    try:
        process = subprocess.Popen(  # noqa: S603 -- what a user's settings name
            argv,
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_prepare,  # noqa: PLW1509 -- there are no threads here
        )
    except (OSError, ValueError) as error:
        return {"exit_code": None, "reason": "", "said": str(error)}
    printed = _Printed(process)
    reason = _wait(process, printed, time.monotonic() + timeout_s, memory_bytes)
    if reason:
        _ask_to_end(process, printed, grace_s)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    _kill_descendants()
    printed.take()
    said = printed.tail.decode(errors="replace")
    return {"exit_code": process.returncode, "reason": reason, "said": said}


def _prepare() -> None:
    """Between fork and exec: default signals, and death with this process."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    _call("prctl", _PDEATHSIG, signal.SIGKILL)


class _Printed:
    """The end of what a program prints; the rest is read and dropped, so that it never blocks."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._pipe = cast("IO[bytes]", process.stdout)
        os.set_blocking(self._pipe.fileno(), False)
        self._ready = selectors.DefaultSelector()
        self._ready.register(self._pipe, selectors.EVENT_READ)
        self._ready.register(0, selectors.EVENT_READ)
        self.tail = b""
        self.wanted = True
        """Whether stdin is open."""

    def wait(self) -> None:
        """Wait for a moment, or until something is printed."""
        for key, _ in self._ready.select(LOOK_S):
            if key.fileobj is self._pipe:
                self.take()
            elif not os.read(0, 1):
                self.wanted = False
                self._ready.unregister(0)

    def take(self) -> None:
        """Take what is there, without waiting; a bounded amount of an endless stream."""
        for _ in range(64):
            try:
                chunk = os.read(self._pipe.fileno(), 65536)
            except BlockingIOError:
                return
            if not chunk:
                with suppress(KeyError):
                    self._ready.unregister(self._pipe)
                return
            self.tail = (self.tail + chunk)[-TAIL_BYTES:]


def _wait(
    process: subprocess.Popen[bytes], printed: _Printed, deadline: float, memory_bytes: int | None
) -> str:
    """Return why a program has to end; empty where it has ended by itself."""
    looked = 0.0
    while process.poll() is None:
        printed.wait()
        now = time.monotonic()
        if not printed.wanted:
            return "stopped"
        if now > deadline:
            return "timeout"
        if memory_bytes is not None and now - looked > LOOK_S:
            looked = now
            if sum(map(_anonymous_bytes, _descendants())) > memory_bytes:
                return "memory"
    return ""


def _ask_to_end(process: subprocess.Popen[bytes], printed: _Printed, grace_s: float) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    end = time.monotonic() + grace_s
    while process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
        printed.take()


def _kill_descendants() -> None:
    """On Linux, kill what a program has left behind, in whatever group."""
    end = time.monotonic() + LONGEST_KILL_S
    while (left := _descendants()) and time.monotonic() < end:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.005)


def _descendants() -> list[int]:
    """List the living processes below this one; nothing where there is no /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            state, parent = entry.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                parents[int(entry.parent.name)] = int(parent)
    found, new = set[int](), {os.getpid()}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return sorted(found)


def _anonymous_bytes(pid: int) -> int:
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) * 1024
    return 0


def _call(name: str, *numbers: int) -> None:
    """Make a system call that Python lacks; nothing where the system lacks it."""
    with suppress(OSError, AttributeError):
        getattr(ctypes.CDLL(None), name)(*numbers, *[0] * (5 - len(numbers)))


if __name__ == "__main__":
    main()
