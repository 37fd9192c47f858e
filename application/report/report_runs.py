"""Report on runs that are kept: a pure function of them, so whoever makes it makes the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report.compare_runs import scored_run
from gliobench.application.report.control_responses import responses
from gliobench.application.report.describe_cohort import describe_cohort
from gliobench.application.report.gather_cases import gather_cases
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
    if (n := len({one.cohort for one in manifests.values()})) != 1:
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
        told = report_backend(run, manifests[name])
        altered = responses(store, (controls or {}).get(name, {}), seed=first.seed)
        reports.append(replace(told, controls=altered))
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
