"""How an error reaches the user: one line, and an exit code."""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Self

from gliobench.domain.errors import GliobenchError, ImplausibleError, StoppedError, StoreError
from gliobench.domain.files.disk import failed
from gliobench.domain.messages import READ_LENGTH, cut, one_line
from gliobench.domain.secrets import hidden


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


class ExitCode(IntEnum):
    """The outcome of a command, with its meaning in a few words; see docs/batch_jobs.md."""

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """Make a member that is the number."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    DONE = 0, "done"
    ERROR = 1, "wrong input, setting or installation"
    """The same command fails again."""
    USAGE = 2, "wrong command line"
    WITH_RESERVATIONS = 3, "done, with failures or faults"
    """Studies failed, or runs leak or are partial. Or `predict` refused implausible images or an implausible
    answer."""
    TRY_AGAIN = 75, "store or server unavailable, try again"
    """A store could not be reached, read or written: the same command resumes (EX_TEMPFAIL)."""
    INTERRUPTED = 130, "Ctrl-C"
    TERMINATED = 143, "SIGTERM"
    """Finished batches are saved, and the same command resumes."""


def exit_codes() -> str:
    """List all exit codes in a sentence."""
    return f"Exit codes: {'; '.join(f'{code.value} {code.meaning}' for code in ExitCode)}."
