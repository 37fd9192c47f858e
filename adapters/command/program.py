"""Programs in processes of their own: without a shell, with their own folder, and with limits."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, cast

from gliobench.domain.errors import BackendError

PASSED_ON = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES")
"""All that a program gets of this process's environment, besides what its table names."""
GRACE_S = 5.0
"""Between the request to end and the kill; `docker run` passes the request on to its container."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_WITHOUT_NETWORK = (
    ("unshare", "--net", "--"),
    ("unshare", "--user", "--map-current-user", "--net", "--"),
)
"""Ways to start a program without a network, of root and of others."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Args:
        exit_code: Negative: the signal that ended it; None where it could not be started.
        reason: "timeout", "memory" or "stopped" where it was ended; empty where it ended by itself.
        said: The end of what it printed, on either stream.
    """

    exit_code: int | None
    reason: str
    said: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use.

    Args:
        timeout_s: After that it is asked to end, and killed.
        memory_bytes: Of all its processes together; None for no limit.
        network: Whether it may reach the network.
    """

    timeout_s: float
    memory_bytes: int | None = None
    network: bool = False


class Workplace:
    """A folder for one run of a program, and the process that runs it there.

    Args:
        folder: Empty, and this user's alone; holds `home` and `tmp` for the program.
        supervisor: Runs it.
    """

    def __init__(self, folder: Path, supervisor: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self._orders = cast("IO[bytes]", supervisor.stdin)
        self._answers = cast("IO[bytes]", supervisor.stdout)
        for name in ("home", "tmp"):
            (folder / name).mkdir()

    def run(self, words: Sequence[str], *, env: Mapping[str, str], limits: Limits) -> Ended:
        """Run a program to its end; once.

        Args:
            words: The program and its arguments.
            env: Of its environment, what `environment` gives; `HOME` and `TMPDIR` are added.
            limits: What it may use.

        Raises:
            BackendError: The process that watches it has died.
        """
        order = {
            "argv": [*(() if limits.network else without_network()), *words],
            "env": {**env, "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp")},
            "cwd": str(self.folder),
            "timeout_s": limits.timeout_s,
            "grace_s": GRACE_S,
            "memory_bytes": limits.memory_bytes,
        }
        with suppress(BrokenPipeError):
            self._orders.write(json.dumps(order).encode() + b"\n")
            self._orders.flush()
        line = self._answers.readline()
        if not line:
            raise BackendError(f"{words[0]}: the process that watches it has died")
        return Ended(**json.loads(line))

    def close(self) -> None:
        """End the program, if it still runs, and have the folder removed."""
        with suppress(BrokenPipeError):
            self._orders.close()


@contextmanager
def workplace() -> Iterator[Workplace]:
    """Make a folder for one run; at the end the program is ended, and the folder removed.

    Both happen whatever becomes of this process: see `supervisor.py`.

    Raises:
        BackendError: This system has no such processes.
    """
    if os.name != "posix":
        raise BackendError("programs as backends need Linux or macOS")
    folder = Path(mkdtemp(prefix="gliobench-"))
    try:
        supervisor = subprocess.Popen(  # noqa: S603 -- our own script
            [sys.executable, "-I", "-S", str(_SUPERVISOR), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={},
            start_new_session=True,  # Ctrl-C is ours to handle
        )
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    with supervisor, closing(Workplace(folder, supervisor)) as place:
        yield place


def environment(named: Sequence[str], threads: int | None) -> dict[str, str]:
    """Return the environment of a program.

    Args:
        named: `NAME`, taken from this process's environment where it is set there, or `NAME=value`.
        threads: For libraries that ask OpenMP or its like; None leaves the choice to them.
    """
    found = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    if threads is not None:
        found |= dict.fromkeys(THREADS, str(threads))
    for item in named:
        name, given, value = item.partition("=")
        if given or name in os.environ:
            found[name] = value if given else os.environ[name]
    return found


@cache
def without_network() -> tuple[str, ...]:
    """Return what a command starts with so that it has no network; nothing where that is not permitted."""
    for start in _WITHOUT_NETWORK:
        with suppress(OSError, subprocess.SubprocessError):
            subprocess.run([*start, "true"], check=True, capture_output=True, timeout=10)  # noqa: S603
            return start
    return ()
