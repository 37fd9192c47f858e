"""A comparison writer in memory."""

from __future__ import annotations

from typing import final

from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.errors import JobError


@final
class FakeComparisonWriter(ComparisonWriter):
    """Keeps the last comparison; `full` makes it fail as on a full disk."""

    def __init__(self, *, full: bool = False) -> None:
        self.written: Comparison | None = None
        self._full = full

    def write(self, comparison: Comparison) -> list[str]:
        if self._full:
            raise JobError("comparison memory cannot be written: no space left on device")
        self.written = comparison
        return ["memory"]
