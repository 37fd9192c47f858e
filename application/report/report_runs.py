"""Report on runs that are kept: a pure function of them, so whoever makes it makes the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from gliobench.application.evaluate.run_layout import saved_controls
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.run_place import RunPlace
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.compare_runs import scored_run
from gliobench.application.report.control_responses import responses
from gliobench.application.report.describe_cohort import describe_cohort
from gliobench.application.report.gather_cases import gather_cases
from gliobench.application.report.open_runs import OpenRuns, SavedRuns
from gliobench.application.report.runs_beside import runs_beside
from gliobench.domain.comparison.audits import ScoredRun, audit, n_learned_from
from gliobench.domain.comparison.report import BackendReport, CohortDescription, EvaluationReport
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.summarise import summarise


def report_runs(
    stores: Mapping[str, RunStore],
    controls: Mapping[str, Mapping[Control, RunStore]] | None = None,
) -> EvaluationReport:
    """Report on backends that were scored over one cohort.

    Args:
        stores: At least one, by the backend's name, in the order of the report.
        controls: The runs over altered images, by the backend's name.

    Raises:
        InvalidInputError: There is no run, or they are over several cohorts.
        NotFoundError: A store keeps no run, or no scores.
        JobError: A store cannot be read.
    """
    manifests = {name: store.manifest() for name, store in stores.items()}
    if (n := len({manifest.cohort for manifest in manifests.values()})) != 1:
        raise InvalidInputError(f"the runs are over {n} cohorts: wanted one")
    first = next(iter(manifests.values()))
    cohorts: list[CohortDescription] = []
    reports, scored = [], []
    for name, store in stores.items():
        table = store.case_table()
        run = scored_run(name, manifests[name], table)
        scored.append(run)
        if not cohorts:
            cohorts.append(describe_cohort(first.name, first.cohort, table, first.labels))
        reported = report_backend(run, manifests[name])
        altered = responses(store, (controls or {}).get(name, {}), seed=first.seed)
        reports.append(replace(reported, controls=altered))
    return EvaluationReport(
        cohort=cohorts[0],
        backends=tuple(reports),
        seed=first.seed,
        versions=first.versions,
        findings=tuple(audit(scored)),
        casebook=gather_cases(stores, [run.cases.study_ids.tolist() for run in scored]),
        missing_shards=first.missing_shards,
    )


def report_backend(run: ScoredRun, manifest: RunManifest) -> BackendReport:
    """Report on one backend.

    Args:
        run: Its scores, sorted by study.
        manifest: Of its run.
    """
    return BackendReport(
        name=run.backend,
        fingerprint=manifest.fingerprint,
        provenance=manifest.facts.beside(manifest.provenance),
        n_trained_on=n_learned_from(run),
        oracle=bool(run.cases.oracle.any()),
        summary=summarise(run.cases, seed=manifest.seed),
    )


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report, and where it lies.

    Args:
        report: What it says.
        place: What to open first.
        left_out: Why other runs of the place are not in it, a sentence each.
    """

    report: EvaluationReport
    place: str
    left_out: tuple[str, ...] = ()

    @property
    def has_faults(self) -> bool:
        """Whether studies failed, shards are missing, or images or references have a fault."""
        cohort = self.report.cohort
        failed = any(backend.summary.n_failed for backend in self.report.backends)
        faults = cohort.image_faults or cohort.reference_faults
        return bool(failed or self.report.missing_shards or faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteReport:
    """Writes reports.

    Args:
        open_runs: Finds and opens runs.
        open_place: Opens the place of an evaluation.
        open_writer: Opens what writes into a folder or under a URL.
    """

    open_runs: OpenRuns
    open_place: Callable[[str], RunPlace]
    open_writer: Callable[[str], ReportWriter]

    def of_runs(self, places: Sequence[str], out: str) -> WrittenReport:
        """Report on the runs in places.

        Args:
            places: Folders or URLs of runs, or of several runs.
            out: Folder or URL of the report.

        Raises:
            InvalidInputError: The runs are over several cohorts.
            NotFoundError: A place keeps no run, or a run has no scores.
            JobError: A store cannot be read, or the report not be written.
        """
        return self._write(self.open_runs(places), out)

    def of_evaluation(self, out: str, backends: Sequence[str]) -> WrittenReport:
        """Report on the runs of an evaluation, and on those of the same cohort that lie beside them.

        They stand in alphabetical order, however they were asked for.

        Args:
            out: Folder or URL of the runs, and of the report.
            backends: At least one, scored over one cohort.

        Raises:
            NotFoundError: A run has no scores.
            JobError: A store cannot be read, or the report not be written.
        """
        place = self.open_place(out)
        beside = runs_beside(place, backends)
        names = sorted({*backends, *beside.alike})
        runs = SavedRuns(
            {name: place.store(name) for name in names},
            {name: saved_controls(place, name) for name in names},
        )
        return self._write(runs, out, beside.left_out)

    def _write(self, runs: SavedRuns, out: str, left_out: tuple[str, ...] = ()) -> WrittenReport:
        report = report_runs(runs.stores, runs.controls)
        return WrittenReport(report, self.open_writer(out).write(report)[0], left_out)
