"""Exit codes, for a shell, a CI job or Kubernetes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The outcome of a command; see docs/batch_jobs.md."""

    DONE = 0
    ERROR = 1
    """A wrong input, setting or installation: the same command fails again."""
    USAGE = 2
    """The command line is wrong."""
    WITH_RESERVATIONS = 3
    """Completed with faults: studies failed, or runs leak or are partial. Or `predict` refused implausible
    images or an implausible answer."""
    TRY_AGAIN = 75
    """A store could not be reached, read or written: the same command resumes (EX_TEMPFAIL)."""
    INTERRUPTED = 130
    """Ctrl-C."""
    TERMINATED = 143
    """SIGTERM: finished batches are saved, and the same command resumes."""
