"""Compare runs that are kept; nothing is inferred, and no image is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.control_responses import responses
from gliobench.application.report.describe_cohort import describe_cohort
from gliobench.application.report.gather_cases import gather_cases
from gliobench.domain.comparison.arms import BootstrapOptions, Entrant
from gliobench.domain.comparison.audits import ScoredRun, audit
from gliobench.domain.comparison.compare import compare, shared_studies
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, Endpoint, primary_choice
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Consequence, Finding


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
                that are not scored tell nothing.

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
                self.primary, [(one.primary, one.primary_origin) for one in manifests]
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
                raise InvalidInputError(f"{finding.sentence} Compare all the same: --allow-leakage")


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


def name_runs(stores: Mapping[str, RunStore]) -> dict[str, RunStore]:
    """Call each run by its backend; where two are of one backend, by their places too.

    Args:
        stores: By place, which tells them apart.

    Raises:
        NotFoundError: A store keeps no run.
        JobError: A store cannot be read.
    """
    backends = {place: store.manifest().backend for place, store in stores.items()}
    counts = Counter(backends.values())
    return {
        place if counts[backends[place]] > 1 else backends[place]: store
        for place, store in stores.items()
    }
