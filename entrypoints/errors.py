"""How an error reaches the user: one line, and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gliobench.application.secrets import hidden
from gliobench.domain.errors import GliobenchError, StoppedError, StoreError
from gliobench.entrypoints.exit_codes import ExitCode


@contextmanager
def reported_errors() -> Iterator[None]:
    """Turn an error of ours into one line on stderr and its code; a bug keeps its traceback."""
    try:
        yield
    except GliobenchError as error:
        sys.stderr.write(f"error: {hidden(str(error))}\n")
        raise SystemExit(exit_code(error)) from error
    except MemoryError as error:
        sys.stderr.write("error: out of memory: wanted a larger machine, or --set batch_size=1\n")
        raise SystemExit(ExitCode.ERROR) from error


def exit_code(error: GliobenchError) -> ExitCode:
    """Tell how a command ends that met an error."""
    if isinstance(error, StoppedError):
        return ExitCode.TERMINATED
    if isinstance(error, StoreError):
        return ExitCode.TRY_AGAIN
    return ExitCode.ERROR
