"""The port of everything that puts a comparison before readers."""

from __future__ import annotations

from typing import Protocol

from gliobench.domain.comparison.result import Comparison


class ComparisonWriter(Protocol):
    """Writes comparisons.

    Contract:
        - Says nothing that the comparison does not hold: the same one gives the same files.
        - Whole or not at all: a reader never meets half a file; an earlier one is replaced.
        - A place that cannot be written raises JobError in one line that names it.
    """

    def write(self, comparison: Comparison) -> list[str]:
        """Write a comparison.

        Returns:
            The places of what was written, the one to open first.
        """
        ...
