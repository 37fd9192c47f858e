"""A report writer in memory."""

from __future__ import annotations

from typing import final

from gliobench.application.ports.report_writer import ReportWriter
from gliobench.domain.comparison.report import Report
from gliobench.domain.errors import JobError


@final
class FakeReportWriter(ReportWriter):
    """Keeps the last report; `full` makes it fail as on a full disk."""

    def __init__(self, *, full: bool = False) -> None:
        self.written: Report | None = None
        self._full = full

    def write(self, report: Report) -> list[str]:
        if self._full:
            raise JobError("report memory cannot be written: no space left on device")
        self.written = report
        return ["memory"]
