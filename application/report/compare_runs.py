"""Compare runs that are kept; nothing is inferred, and no image is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.control_responses import responses
from gliobench.application.report.describe_cohort import describe_cohort
from gliobench.application.report.gather_cases import gather_cases
from gliobench.application.report.open_runs import OpenRuns
from gliobench.domain.comparison.arms import BootstrapOptions, Entrant
from gliobench.domain.comparison.audits import ScoredRun, audit
from gliobench.domain.comparison.compare import compare, shared_studies
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, Endpoint, primary_choice
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Consequence, Finding, FindingKind


@dataclass(frozen=True, slots=True)
class CompareRuns:
    """Compares the scores of runs over one cohort.

    Args:
        primary: The endpoint that decides.
        allow_leakage: Compare though a backend has learned from these patients; it is stamped. A
            baseline, which knows averages only, is stamped and never stops anything.
        bootstrap: Of the bootstraps and permutations.
        versions: Of gliobench and the libraries that compute.
    """

    primary: Endpoint = BALANCED_ACCURACY
    allow_leakage: bool = False
    bootstrap: BootstrapOptions = field(default_factory=BootstrapOptions)
    versions: Mapping[str, str] = field(default_factory=dict)

    def __call__(
        self,
        runs: Mapping[str, RunStore],
        controls: Mapping[str, Mapping[Control, RunStore]] | None = None,
    ) -> Comparison:
        """Compare.

        Args:
            runs: Two or more, by a name of their own.
            controls: The runs over altered images, by the names of those over the true ones; those
                that are not scored are ignored.

        Raises:
            InvalidInputError: Fewer than two runs, other cohorts or references, no study that all
                have, or a backend that has learned from these patients.
            NotFoundError: A store keeps no run, or no scores.
            JobError: A store cannot be read.
        """
        if len(runs) < 2:
            raise InvalidInputError(f"{len(runs)} run to compare: wanted two or more")
        entrants = [
            self._entrant(name, store, (controls or {}).get(name, {}))
            for name, store in runs.items()
        ]
        scored = [entrant.run for entrant in entrants]
        findings = audit(scored)
        self._refuse(findings)
        cases = next(iter(shared_studies(scored).values()))
        if not len(cases):
            raise InvalidInputError(
                "the runs have scores of no study in common: evaluate them again"
            )
        manifests = [store.manifest() for store in runs.values()]
        comparison = compare(
            entrants,
            cohort=describe_cohort("comparison", scored[0].cohort, cases, scored[0].labels),
            findings=findings,
            primary=self.primary,
            primary_choice=primary_choice(
                self.primary,
                [(manifest.primary, manifest.primary_origin) for manifest in manifests],
            ),
            bootstrap=self.bootstrap,
            versions=self.versions,
        )
        return replace(
            comparison,
            casebook=gather_cases(runs, [run.cases.study_ids.tolist() for run in scored]),
        )

    def _entrant(self, name: str, store: RunStore, controls: Mapping[Control, RunStore]) -> Entrant:
        manifest = store.manifest()
        return Entrant(
            scored_run(name, manifest, store.case_table()),
            backend=manifest.backend,
            fingerprint=manifest.fingerprint,
            controls=responses(
                store, controls, replicates=self.bootstrap.replicates, seed=self.bootstrap.seed
            ),
        )

    def _refuse(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            consequence = finding.kind.consequence
            if consequence is Consequence.REFUSED:
                raise InvalidInputError(finding.sentence)
            if consequence is Consequence.STOPPED and not self.allow_leakage:
                raise InvalidInputError(
                    f"{finding.sentence} Use --allow-leakage to compare nevertheless"
                )


def scored_run(name: str, manifest: RunManifest, cases: CaseTable) -> ScoredRun:
    """Put a run's scores beside what its manifest says of the backend."""
    return ScoredRun(
        backend=name,
        cohort=manifest.cohort,
        cases=cases,
        n_studies=manifest.n_studies,
        trained_on=manifest.trained_on,
        provenance=manifest.provenance,
        facts=manifest.facts,
        unstated=manifest.unstated or "",
        labels=manifest.labels,
    )


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
