"""The port of logs of experiments that take the numbers of a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from gliobench.domain.comparison.log_entries import LogEntry


class ReportLog(Protocol):
    """Logs the numbers of a report.

    Contract:
        - Every entry with all of its metrics and facts, in order.
        - A log that cannot be written raises JobError in one line that names it.
    """

    def log(self, entries: Sequence[LogEntry]) -> None:
        """Log the entries of one report."""
        ...
