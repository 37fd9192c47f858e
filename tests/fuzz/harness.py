"""Runs the command line on a hostile input in a process of its own, and judges what it did."""

from __future__ import annotations

import atexit
import json
import os
import pickle
import random
import re
import resource
import shutil
import signal
import sys
import time
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from fuzz.ground import Ground

MEMORY_BYTES = 2**31
LIMIT_S = 60.0
"""Seconds of one input."""
DOCUMENTED = frozenset({0, 1, 2, 3, 75, 130, 143})
SUCCESS = frozenset({0, 3})
BUG = 70
"""Exit code of a child whose command raised what is none of ours."""
LONGEST_LINE = 1100
OUT = "out"
"""The folder that a command may write to."""
_TRACES = re.compile(r"Traceback \(most recent call last\)|\b\w*Warning: |^ +File \"", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One hostile input.

    Args:
        args: Of `gliobench`; `{here}` is put in place of the folder that the files lie in.
        what: What was done to which file.
        env: Environment besides.
    """

    args: tuple[str, ...]
    what: str
    env: dict[str, str] = field(default_factory=dict)


Make = Callable[[random.Random, Path, Ground], Hostile]
"""Writes the files of a hostile input into a folder, and says how to run it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one input.

    Args:
        kind: Of the input.
        seed: That makes it again.
        what: Was done to it.
        command: The arguments.
        code: Exit code; negative for a signal.
        seconds: It took.
        peak_bytes: Of memory that was resident.
        faults: What should not have happened; empty where all is well.
        stderr: Its end.
    """

    kind: str
    seed: int
    what: str
    command: str
    code: int
    seconds: float
    peak_bytes: int
    faults: tuple[str, ...]
    stderr: str


@dataclass(slots=True)
class _Running:
    kind: str
    seed: int
    root: Path
    began: float


def judged(
    inputs: Iterable[tuple[str, int, Make]], ground: Ground, *, work: Path, jobs: int
) -> Iterator[Verdict]:
    """Run inputs, several at a time, and judge each.

    Args:
        inputs: Kind, seed and what makes the input; taken one by one, as there is room.
        ground: The valid files.
        work: A folder of this call's own.
        jobs: Inputs at a time.
    """
    waiting, running = iter(inputs), dict[int, _Running]()
    left = True
    while left or running:
        while left and len(running) < jobs:
            if (one := next(waiting, None)) is None:
                left = False
                break
            running |= _start(*one, ground, work)
        if running:
            yield from _ended(running)


def _start(kind: str, seed: int, make: Make, ground: Ground, work: Path) -> dict[int, _Running]:
    root = work / f"{kind.replace(' ', '-')}-{seed}"
    for name in ("home", "tmp", "cwd"):
        (root / name).mkdir(parents=True)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _child(make, random.Random(f"{kind} {seed}"), root, ground)
    return {pid: _Running(kind, seed, root, time.monotonic())}


def _child(make: Make, rng: random.Random, root: Path, ground: Ground) -> None:
    """Never returns: a forked child must not go on with its parent's work."""
    code = BUG
    try:
        os.setsid()
        _redirect(root)
        hostile = make(rng, root / "cwd", ground)
        args = [one.replace("{here}", str(root / "cwd")) for one in hostile.args]
        (root / "input.json").write_text(json.dumps([hostile.what, args]))
        (root / "before").write_bytes(pickle.dumps(_tree(root)))
        code = _run(args, hostile.env, root)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code & 0xFF)


def _redirect(root: Path) -> None:
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        file = os.open(root / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND)
        os.dup2(file, descriptor)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- as long as the process
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace")  # noqa: SIM115
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _run(args: list[str], env: dict[str, str], root: Path) -> int:
    from gliobench.entrypoints.cli import main

    os.chdir(root / "cwd")
    cleared = [name for name in os.environ if name.startswith(("GLIOBENCH_", "XDG_", "MPL"))]
    for name in cleared:
        del os.environ[name]
    os.environ |= {"HOME": str(root / "home"), "TMPDIR": str(root / "tmp"), "COLUMNS": "100"}
    os.environ |= {"GLIOBENCH_LOG_LEVEL": "error", "GLIOBENCH_STORE_PATIENCE_S": "1", **env}
    _limit_memory()
    warnings.simplefilter("default")
    sys.argv = ["gliobench", *args]
    atexit._clear()  # what this process's parent wants done at its end
    try:
        main()
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    finally:
        atexit._run_exitfuncs()
    return 0


def _limit_memory() -> None:
    """Have an allocation beyond the bound fail, before it takes the machine down."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 2 * MEMORY_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEMORY_BYTES, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _ended(running: dict[int, _Running]) -> Iterator[Verdict]:
    """Wait until an input has ended or has taken too long, and judge what has."""
    pid, status, usage = os.wait4(-1, os.WNOHANG)
    if pid in running:
        one = running.pop(pid)
        yield _verdict(one, os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024)
        return
    for pid, one in running.items():
        if time.monotonic() - one.began > LIMIT_S:
            os.killpg(pid, signal.SIGKILL)
    time.sleep(0.005)


def _verdict(one: _Running, code: int, peak_bytes: int) -> Verdict:
    seconds = time.monotonic() - one.began
    what, args = _input(one.root)
    stdout, stderr = (_text(one.root / name) for name in ("stdout", "stderr"))
    faults = tuple(_faults(one.root, code, stdout, stderr, seconds, peak_bytes))
    shutil.rmtree(one.root, ignore_errors=True)
    return Verdict(
        kind=one.kind,
        seed=one.seed,
        what=what,
        command=" ".join(map(ascii, args))[:600],
        code=code,
        seconds=seconds,
        peak_bytes=peak_bytes,
        faults=faults,
        stderr=stderr[-3000:],
    )


def _faults(
    root: Path, code: int, stdout: str, stderr: str, seconds: float, peak_bytes: int
) -> Iterator[str]:
    lines = [line for line in stderr.split("\n") if line]
    if seconds > LIMIT_S:
        yield f"took longer than {LIMIT_S:.0f} s"
    elif code not in DOCUMENTED:
        yield f"exit code {code}"
    elif code not in SUCCESS and (len(lines) != 1 or not lines[0].startswith("error: ")):
        yield f"{len(lines)} lines on stderr for one that begins with 'error: '"
    if _TRACES.search(stderr) or _TRACES.search(stdout):
        yield "a traceback or a warning"
    if any(len(line) > LONGEST_LINE for line in lines):
        yield f"a line of {max(map(len, lines))} characters"
    if unsafe := _unsafe(stdout + stderr):
        yield f"control characters printed: {unsafe!a}"
    if peak_bytes > MEMORY_BYTES or "out of memory" in stderr:
        yield f"{peak_bytes / 2**30:.1f} GiB of memory"
    if changed := _changed(root):
        yield f"wrote outside --out: {changed}"


def _unsafe(text: str) -> str:
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return ""
    harmful = {
        c for c in set(text) if unicodedata.category(c) in {"Cc", "Cs"} or c in "\u202e\u2066"
    }
    return "".join(sorted(harmful - {"\n", "\t"}))


def _input(root: Path) -> tuple[str, list[str]]:
    try:
        what, args = json.loads((root / "input.json").read_text())
    except OSError:
        return "the input could not be made", []
    return what, args


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""


def _changed(root: Path) -> str:
    """Name a path that a command has made, changed or deleted outside of its folder."""
    kept = root / "before"
    if not kept.is_file():
        return ""
    before, after = pickle.loads(kept.read_bytes()), _tree(root)
    changed = sorted(path for path, _ in set(before.items()) ^ set(after.items()))
    return ascii(changed[0]) if changed else ""


def _tree(root: Path) -> dict[str, tuple[int, int, int]]:
    """List what there is beside the folder `out`, and the names in the root of the machine."""
    found = dict.fromkeys(os.listdir("/"), (0, 0, 0))  # noqa: PTH208 -- names, not paths
    for name in ("home", "tmp", "cwd"):
        for folder, folders, names in os.walk(root / name):
            if Path(folder) == root / "cwd" and OUT in folders:
                folders.remove(OUT)
            for entry in (*folders, *names):
                facts = (Path(folder) / entry).lstat()
                in_file = (facts.st_size, facts.st_mtime_ns) if entry in names else (0, 0)
                found[f"{folder}/{entry}"] = (facts.st_mode, *in_file)
    return found
