"""A log of experiments in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

from gliobench.application.ports.report_log import ReportLog
from gliobench.domain.comparison.log_entries import LogEntry
from gliobench.domain.errors import StoreError


@final
class FakeReportLog(ReportLog):
    """Keeps entries; one that is down takes none."""

    def __init__(self, *, down: bool = False) -> None:
        self.entries: list[LogEntry] = []
        self._down = down

    def log(self, entries: Sequence[LogEntry]) -> None:
        if self._down:
            raise StoreError("the fake log is down")
        self.entries += entries
