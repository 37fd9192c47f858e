"""Report on runs that are kept, alone and in pairs; nothing is inferred, and no image is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.gather_cases import gather_cases
from gliobench.application.report.join_metadata import JoinMetadata
from gliobench.domain.comparison.arms import BootstrapOptions, Entrant
from gliobench.domain.comparison.audits import audit
from gliobench.domain.comparison.build_report import build_report, shared_studies
from gliobench.domain.comparison.cohort import CohortDescription
from gliobench.domain.comparison.endpoints import (
    Endpoint,
    PrimaryOrigin,
    default_primary,
    primary_choice,
)
from gliobench.domain.comparison.report import Report
from gliobench.domain.comparison.run_audits import ScoredRun
from gliobench.domain.comparison.worded import worded
from gliobench.domain.controls.controls import Control
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.evaluation.alignment import sharing
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.evaluation.findings import Consequence, Finding
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.position.control_responses import Response, response
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class ReportRuns:
    """Reports on runs over one cohort: but for the date a pure function of them.

    Args:
        primary: The endpoint that decides; None for the one that all runs declared, or else
            `default_primary`.
        bootstrap: Of the bootstraps and permutations; None for `RESAMPLES` from the first run's seed.
        versions: Of gliobench and the libraries that compute; None for those of the first run.
        refuses_leakage: Refuse a backend that has learned from these patients; otherwise it is
            stamped. A baseline, which knows averages only, is stamped and never refused.
        fewest: Runs wanted.
        join_metadata: Divides the studies by a user's table; None without one.
        today: Returns the date of the report.
    """

    primary: Endpoint | None = None
    bootstrap: BootstrapOptions | None = None
    versions: Mapping[str, str] | None = None
    refuses_leakage: bool = False
    fewest: int = 1
    join_metadata: JoinMetadata | None = None
    today: Callable[[], date] = date.today

    def __call__(
        self,
        runs: Mapping[str, RunStore],
        controls: Mapping[str, Mapping[Control, RunStore]] | None = None,
    ) -> Report:
        """Report.

        Args:
            runs: By a name of their own, in the order of the report.
            controls: The runs over altered images, by the names of those over the true ones; those
                that are not scored are ignored.

        Raises:
            InvalidInputError: Too few runs, other cohorts or references, no study that all have, a
                backend that has learned from these patients, or a user's table that does not fit.
            NotFoundError: A store keeps no run, or no scores.
            JobError: A store cannot be read.
        """
        if len(runs) < self.fewest:
            raise InvalidInputError(
                f"different runs given: {len(runs)}, wanted {self.fewest} or more"
            )
        manifests = {name: store.manifest() for name, store in runs.items()}
        first = next(iter(manifests.values()))
        bootstrap = self.bootstrap or BootstrapOptions(RESAMPLES, seed=first.seed)
        scored = _scored(runs, manifests)
        findings = audit(scored)
        self._refuse(findings)
        cases = next(iter(shared_studies(scored).values()))
        if not len(cases):
            raise InvalidInputError(
                "the runs have scores of no study in common: evaluate them again"
            )
        primary = self.primary or _recorded(list(manifests.values()))
        join = self.join_metadata
        strata, facts = join(cases, first.target) if join else ([], None)
        altered = controls or {}
        report = build_report(
            [
                _entrant(run, manifests[name], runs[name], altered.get(name, {}), bootstrap)
                for name, run in zip(runs, scored, strict=True)
            ],
            cohort=describe_cohort(first.name, first.cohort, cases, first.labels),
            findings=findings,
            primary=primary,
            primary_choice=primary_choice(
                primary,
                [(item.primary, item.primary_origin) for item in manifests.values()],
                asked=self.primary is not None,
            ),
            bootstrap=bootstrap,
            versions=first.versions if self.versions is None else self.versions,
            columns=strata,
        )
        return replace(
            worded(report, first.target),
            casebook=gather_cases(runs, [run.cases.study_ids.tolist() for run in scored]),
            missing_shards=first.missing_shards,
            date=self.today().isoformat(),
            metadata=facts,
            target=first.target,
        )

    def _refuse(self, findings: Sequence[Finding]) -> None:
        for finding in findings:
            consequence = finding.kind.consequence
            if consequence is Consequence.REFUSED:
                raise InvalidInputError(finding.sentence)
            if consequence is Consequence.STOPPED and self.refuses_leakage:
                raise InvalidInputError(
                    f"{finding.sentence} Use --allow-leakage to compare nevertheless"
                )


def _scored(runs: Mapping[str, RunStore], manifests: Mapping[str, RunManifest]) -> list[ScoredRun]:
    """Read the scores of all runs; columns that are equal are held once."""
    found: list[ScoredRun] = []
    for name, store in runs.items():
        cases = store.case_table()
        cases = sharing(cases, found[0].cases) if found else cases
        found.append(scored_run(name, manifests[name], cases))
    return found


def _entrant(
    run: ScoredRun,
    manifest: RunManifest,
    store: RunStore,
    controls: Mapping[Control, RunStore],
    bootstrap: BootstrapOptions,
) -> Entrant:
    """Put what a run made of altered images beside its scores."""
    found = responses(store, controls, replicates=bootstrap.replicates, seed=bootstrap.seed)
    return Entrant(run, backend=manifest.backend, fingerprint=manifest.fingerprint, controls=found)


def _recorded(manifests: Sequence[RunManifest]) -> Endpoint:
    """Return the primary endpoint that all runs recorded, unless it was a default, or else that of these."""
    names = {
        None if manifest.primary_origin is PrimaryOrigin.DEFAULT else manifest.primary
        for manifest in manifests
    }
    name = names.pop() if len(names) == 1 else None
    return Endpoint.parse(name) if name else default_primary([item.answers for item in manifests])


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
        target=manifest.target,
        version=manifest.versions.get("gliobench", ""),
    )


def responses(
    true: RunStore,
    controls: Mapping[Control, RunStore],
    *,
    replicates: int = RESAMPLES,
    seed: int = 0,
) -> tuple[Response, ...]:
    """Hold a backend's scores of altered images against those of the true ones.

    Args:
        true: The run over the true images, scored.
        controls: The runs over altered images; those that are not scored, or altered no study, give
            nothing.
        replicates: Cohorts drawn for the intervals.
        seed: Of the draws.

    Raises:
        JobError: A store cannot be read.
    """
    found = (
        response(
            control, true=true.scores(), altered=store.scores(), replicates=replicates, seed=seed
        )
        for control, store in controls.items()
        if store.is_scored()
    )
    return tuple(item for item in found if item.n)


def describe_cohort(
    name: str, fingerprint: str, cases: Cases, labels: DatasetLabels | None = None
) -> CohortDescription:
    """Describe a cohort by the scores of any one run over it, and what its masks' labels mean."""
    table = CaseTable.of(cases)
    grades, found = table.reference_grades, table.sites.tolist()
    sites: dict[str | None, Counter[Grade | None]] = {}
    for (site, grade), count in sorted(
        Counter(zip(found, grades, strict=True)).items(), key=lambda one: one[0][0] or ""
    ):
        sites.setdefault(site, Counter())[grade] = count
    return CohortDescription(
        name=name,
        fingerprint=fingerprint,
        n_studies=len(table),
        n_patients=len(set(table.patients.tolist())),
        n_with_tumour=int(table.has_plane.sum()),
        n_without_tumour=int(table.tumour_free.sum()),
        image_faults=table.image_faults,
        reference_faults=table.reference_faults,
        grades=Counter(grades),
        sites=sites,
        labels=labels,
        n_simulated=int(table.simulated.sum()),
        n_single_slices=int(table.on_one_plane.sum()),
    )
