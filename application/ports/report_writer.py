"""The port of everything that puts a report before readers."""

from __future__ import annotations

from typing import Protocol

from gliobench.domain.comparison.report import Report


class ReportWriter(Protocol):
    """Writes reports.

    Contract:
        - Says nothing that the report does not hold: the same report gives the same files.
        - Whole or not at all: a reader never meets half a report; an earlier one is replaced.
        - A place that cannot be written raises JobError in one line that names it.
    """

    def write(self, report: Report) -> list[str]:
        """Write a report.

        Returns:
            The places of what was written, the one to open first.
        """
        ...
