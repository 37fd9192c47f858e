"""Find runs, report on them, and write the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from gliobench.application.evaluate.run_layout import has_shards, saved_controls
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.open_runs import OpenRuns, SavedRuns
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.report import Report
from gliobench.domain.errors import JobError, NotFoundError, StoreError
from gliobench.domain.evaluation.alignment import differ_in_truth
from gliobench.domain.evaluation.case_table import CaseTable
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
    """Writes reports."""

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


@dataclass(frozen=True, slots=True)
class RunsBeside:
    """What a place keeps beside the runs that were asked for.

    Args:
        alike: Runs over the same cohort and references, sorted.
        left_out: Why others do not belong into the report, a sentence each.
    """

    alike: tuple[str, ...]
    left_out: tuple[str, ...]


def runs_beside(place: RunPlace, runs: Sequence[str]) -> RunsBeside:
    """Look what else a place keeps.

    Args:
        place: Where the runs are kept.
        runs: At least one, all scored over one cohort.

    Raises:
        NotFoundError: The first run is not scored, and another lies beside it.
        JobError: The place or the first run cannot be read.
    """
    others = [name for name in place.folders() if name not in runs and _is_run(place, name)]
    if not others:
        return RunsBeside((), ())  # without reading the scores, of which there may be millions
    first = place.store(runs[0])
    manifest, table = first.manifest(), first.case_table()
    reasons = {name: _reason(place.store(name), manifest, table) for name in others}
    return RunsBeside(
        alike=tuple(name for name, reason in reasons.items() if reason is None),
        left_out=tuple(
            f"{name} is not in the report: {reason}" for name, reason in reasons.items() if reason
        ),
    )


def _is_run(place: RunPlace, name: str) -> bool:
    try:
        place.store(name).manifest()
    except NotFoundError:
        return has_shards(place, name)
    except StoreError:
        raise
    except JobError:
        return True
    return True


def _reason(store: RunStore, beside: RunManifest, table: CaseTable) -> str | None:
    """Return why a run cannot be reported with one of this manifest and these scores, or None."""
    try:
        manifest = store.manifest()
        if manifest.cohort != beside.cohort:
            return "it is over another cohort"
        if not store.is_scored():
            return "it is not finished: evaluate it again"
        if manifest.target != beside.target:
            return f"its target is {manifest.target.name}, not {beside.target.name}"
        reason = _other_truth(store, manifest.labels == beside.labels, table)
    except NotFoundError:
        return "its shards are not merged: see gliobench merge"
    except StoreError:
        raise
    except JobError as error:
        return str(error)
    return reason


def _other_truth(store: RunStore, same_labels: bool, table: CaseTable) -> str | None:
    if not same_labels:
        return "its masks were read by another label convention: evaluate it again"
    if not _same_references(store.case_table(), table):
        return "the references have changed since: evaluate it again"
    return None


def _same_references(one: CaseTable, other: CaseTable) -> bool:
    same = one.study_ids.tolist() == other.study_ids.tolist()
    return same and not differ_in_truth(one, other).any()
