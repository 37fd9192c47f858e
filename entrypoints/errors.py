"""How an error reaches the user: one line, and an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gliobench.domain.errors import GliobenchError, ImplausibleError, StoppedError, StoreError
from gliobench.domain.files.disk import failed
from gliobench.domain.messages import READ_LENGTH, cut, one_line
from gliobench.domain.secrets import hidden
from gliobench.entrypoints.exit_codes import ExitCode


@contextmanager
def reported_errors() -> Iterator[None]:
    """Convert an error of gliobench or of a disk to one line on stderr and an exit code.

    A bug keeps its traceback.
    """
    try:
        yield
    except GliobenchError as error:
        print_error(Exception.__str__(error))
        raise SystemExit(exit_code(error)) from error
    except OSError as error:
        if error.errno == errno.EPIPE:
            raise
        print_error(str(failed(error)))
        raise SystemExit(exit_code(failed(error))) from error
    except MemoryError as error:
        print_error("out of memory: wanted a larger machine, or --set batch_size=1")
        raise SystemExit(ExitCode.ERROR) from error


def print_error(text: str) -> None:
    """Write one line to stderr, without credentials."""
    sys.stderr.write(f"error: {one_line(hidden(cut(text, READ_LENGTH)))}\n")


def exit_code(error: GliobenchError) -> ExitCode:
    """Return the exit code for an error."""
    if isinstance(error, StoppedError):
        return ExitCode.TERMINATED
    if isinstance(error, StoreError):
        return ExitCode.TRY_AGAIN
    if isinstance(error, ImplausibleError):
        return ExitCode.WITH_RESERVATIONS
    return ExitCode.ERROR
