"""Commands of gliobench as tests run them: in this process, or in one of their own as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path

from typer.testing import CliRunner, Result

from gliobench.entrypoints.cli import app

TESTS = Path(__file__).parent
_BARRED = """
import sys

class Barred:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {libraries}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Barred())
from gliobench.entrypoints.cli import app
app(sys.argv[1:])
"""


def gliobench(*arguments: object) -> Result:
    """Run a command in this process; `tests/conftest.py` undoes the settings that it makes.

    Args:
        arguments: Words of the command line; a path or a number as a shell passes it.
    """
    return CliRunner().invoke(app, [str(word) for word in arguments])


def gliobench_process(
    *arguments: object, cwd: Path, without: Collection[str] = (), **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own, on one core, with a terminal of a fixed width.

    Args:
        arguments: Words of the command line.
        cwd: Its working folder.
        without: Libraries that are not installed there.
        environment: Variables added to those of the tests without the settings of gliobench;
            with a PYTHONPATH the libraries are loaded from there.
    """
    if without:
        python = [sys.executable, "-c", _BARRED.format(libraries=set(without))]
    elif "PYTHONPATH" in environment:
        python = [sys.executable, "-m", "gliobench"]
    else:
        python = loaded_python("-m", "gliobench")
    return subprocess.run(
        [*python, *map(str, arguments)],
        cwd=cwd,
        env={**_clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def loaded_python(*arguments: str) -> list[str]:
    """Give the command line of Python with libraries that are loaded already, see `loaded_server`.

    Args:
        arguments: `-m` and a module, or `-c` and a program, and more words.
    """
    return [sys.executable, "-I", "-S", str(TESTS / "loaded_python.py"), _server()[0], *arguments]


@cache
def _server() -> tuple[str, subprocess.Popen[bytes]]:
    """Start the process that is copied, which ends with this one; return its name too."""
    name = f"gliobench-tests-{os.getpid()}"
    server = subprocess.Popen(
        [sys.executable, TESTS / "loaded_server.py", name],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=_clean_environment(),
    )
    assert server.stdout is not None
    with server.stdout as ready:
        assert ready.readline() == b"ready\n"
    return name, server


def _clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GLIOBENCH_")}
    return {**kept, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "GLIOBENCH_THREADS": "1"}
