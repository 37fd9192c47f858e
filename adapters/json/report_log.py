"""The numbers of a report as a file of JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import final

from gliobench.application.ports.report_log import ReportLog
from gliobench.domain.comparison.log_entries import LogEntry
from gliobench.domain.files.whole import write_whole


@final
class JsonReportLog(ReportLog):
    """Writes a list of objects with `name`, `metrics` and `facts`; an earlier file is replaced.

    Args:
        file: Its folder is made where it is not there.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    def log(self, entries: Sequence[LogEntry]) -> None:
        """Write the file."""
        content = json.dumps([asdict(entry) for entry in entries], indent=2) + "\n"
        write_whole(self._file, content.encode())
