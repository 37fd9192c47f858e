"""Exit codes, for a shell, a CI job or Kubernetes."""

from __future__ import annotations

from enum import IntEnum
from typing import Self


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
