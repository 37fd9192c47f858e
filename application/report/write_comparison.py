"""Compare runs that are saved, and write what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.application.report.compare_runs import CompareRuns
from gliobench.application.report.open_runs import OpenRuns
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.evaluation.findings import FindingKind


@dataclass(frozen=True, slots=True)
class WrittenComparison:
    """A comparison, and where it lies.

    Args:
        comparison: What it says.
        place: What to open first.
    """

    comparison: Comparison
    place: str

    @property
    def has_reservations(self) -> bool:
        """Whether there is leakage or an unfinished run, or images or references have a fault."""
        found = {finding.kind for finding in self.comparison.findings}
        cohort = self.comparison.cohort
        return bool(
            found & {FindingKind.LEAKAGE, FindingKind.PARTIAL_RUN}
            or cohort.image_faults
            or cohort.reference_faults
        )


@dataclass(frozen=True, slots=True)
class WriteComparison:
    """Writes comparisons.

    Args:
        compare_runs: Compares.
        open_runs: Finds and opens runs.
        open_writer: Opens what writes into a folder or under a URL.
    """

    compare_runs: CompareRuns
    open_runs: OpenRuns
    open_writer: Callable[[str], ComparisonWriter]

    def __call__(self, places: Sequence[str], out: str) -> WrittenComparison:
        """Compare the runs in places.

        Args:
            places: Folders or URLs of runs, or of several runs.
            out: Folder or URL of the comparison.

        Raises:
            GliobenchError: As `CompareRuns` and `OpenRuns`, or the comparison cannot be written.
        """
        runs = self.open_runs(places)
        comparison = self.compare_runs(runs.stores, runs.controls)
        return WrittenComparison(comparison, self.open_writer(out).write(comparison)[0])
