"""Commands of gliobench as tests run them: in this process, or in one of their own as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from typer.testing import CliRunner, Result

from gliobench.entrypoints.cli import app

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
        environment: Variables added to those of the tests without the settings of gliobench.
    """
    program = ["-c", _BARRED.format(libraries=set(without))] if without else ["-m", "gliobench"]
    return subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        cwd=cwd,
        env={**_clean_environment(), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def _clean_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GLIOBENCH_")}
    return {**kept, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb", "GLIOBENCH_THREADS": "1"}
