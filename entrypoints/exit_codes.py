"""How a process ends, for whoever started it: a shell, a CI job or Kubernetes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What became of a command; docs/batch_jobs.md tells what to do about each."""

    DONE = 0
    ERROR = 1
    """A wrong input, setting or installation: the same command fails again."""
    USAGE = 2
    """The command line is wrong."""
    WITH_RESERVATIONS = 3
    """All was done, and some of it met faults: studies failed, or runs leak or are partial. Or the
    images or the answer of one study cannot be right, and `predict` does not pass them off."""
    TRY_AGAIN = 75
    """A place could not be reached, read or written: the same command goes on (EX_TEMPFAIL)."""
    INTERRUPTED = 130
    """Ctrl-C."""
    TERMINATED = 143
    """SIGTERM: batches in hand are kept, and the same command goes on."""
