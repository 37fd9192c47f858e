"""Backends of `fake_program.py`, and studies that it finds bright voxels in."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

from fakes import fake_program
from gliobench.application.ports.backend import Backend, BackendOptions
from gliobench.application.ports.study_source import StudySource
from gliobench.entrypoints.container.programs import program_backend

PROGRAM = Path(fake_program.__file__)


def command(mode: str, *words: str) -> str:
    """Return the command line of a mode."""
    line = [sys.executable, str(PROGRAM), mode, "{input}", "{output}", *words]
    return shlex.join(line).replace("'{input}' '{output}'", "{input} {output}")


def table(mode: str = "threshold", *words: str, **options: Any) -> dict[str, Any]:
    """Return the table of a mode, as a user writes it."""
    given = {"command": command(mode, *words), "input": "nnunet", "labels": "tumour"}
    return {**given, "env": "PATH", "timeout_s": 60, **options}


def backend(mode: str = "threshold", *words: str, **options: Any) -> Backend:
    """Build the backend of a mode."""
    return built(table(mode, *words, **options))


def built(table: dict[str, Any], source: StudySource | None = None) -> Backend:
    """Build the backend of a table."""
    return program_backend("mine", BackendOptions(extra=table), source, open_path=Path)
