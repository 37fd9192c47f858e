"""Find runs, report on them, and write the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gliobench.application.evaluate.run_layout import saved_controls
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.report.open_runs import OpenRuns, SavedRuns
from gliobench.application.report.report_runs import ReportRuns
from gliobench.application.report.runs_beside import runs_beside
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.findings import FindingKind


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report, and where it lies.

    Args:
        report: What it says.
        place: What to open first.
        runs: Folders or URLs of its runs, by the names of its arms.
        left_out: Why other runs of the place are not in it, a sentence each.
    """

    report: Report
    place: str
    runs: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def has_failures(self) -> bool:
        """Whether studies failed, shards are missing, or images or references have a fault."""
        failed = any(arm.summary.n_failed for arm in self.report.arms)
        return bool(failed or self.report.missing_shards or self._has_faults)

    @property
    def has_reservations(self) -> bool:
        """Whether there is leakage or an unfinished run, or images or references have a fault."""
        found = {finding.kind for finding in self.report.findings}
        return bool(found & {FindingKind.LEAKAGE, FindingKind.PARTIAL_RUN} or self._has_faults)

    @property
    def _has_faults(self) -> bool:
        return bool(self.report.cohort.image_faults or self.report.cohort.reference_faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReport:
    """Writes reports.

    Args:
        report_runs: Reports on runs.
        open_runs: Finds and opens runs.
        open_place: Opens the place of an evaluation.
        open_writer: Opens what writes into a folder or under a URL.
    """

    report_runs: ReportRuns
    open_runs: OpenRuns
    open_place: Callable[[str], RunPlace]
    open_writer: Callable[[str], ReportWriter]

    def of_runs(self, places: Sequence[str], out: str) -> WrittenReport:
        """Report on the runs in places.

        Args:
            places: Folders or URLs of runs, or of several runs.
            out: Folder or URL of the report.

        Raises:
            GliobenchError: As `ReportRuns` and `OpenRuns`, or the report cannot be written.
        """
        return self._write(self.open_runs(places), out)

    def of_evaluation(self, out: str, backends: Sequence[str]) -> WrittenReport:
        """Report on the runs of an evaluation, and on those of the same cohort that lie beside them.

        They stand in alphabetical order, however they were asked for.

        Args:
            out: Folder or URL of the runs, and of the report.
            backends: At least one, scored over one cohort.

        Raises:
            GliobenchError: As `ReportRuns`, or the report cannot be written.
        """
        place = self.open_place(out)
        beside = runs_beside(place, backends)
        names = sorted({*backends, *beside.alike})
        runs = SavedRuns(
            {name: place.store(name) for name in names},
            {name: saved_controls(place, name) for name in names},
            {name: f"{out.rstrip('/')}/{name}" for name in names},
        )
        return self._write(runs, out, beside.left_out)

    def _write(self, runs: SavedRuns, out: str, left_out: tuple[str, ...] = ()) -> WrittenReport:
        report = self.report_runs(runs.stores, runs.controls)
        page = self.open_writer(out).write(report)[0]
        return WrittenReport(report, page, runs.places, left_out)
