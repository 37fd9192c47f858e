"""Report on runs that are kept: a pure function of them, so whoever makes it makes the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gliobench.application.gather_cases import gather_cases
from gliobench.application.ports.run_store import RunManifest, RunStore
from gliobench.application.report_evaluation import report_evaluation
from gliobench.domain.comparison.audits import learned_from
from gliobench.domain.evaluation.report import BackendReport, EvaluationReport
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.summarise import summarise


def report_runs(stores: Mapping[str, RunStore]) -> EvaluationReport:
    """Report on backends that were scored over one cohort.

    Args:
        stores: At least one, by the backend's name, in the order of the report.

    Raises:
        NotFoundError: A store keeps no run, or no scores.
        JobError: A store cannot be read.
    """
    manifests = {name: store.manifest() for name, store in stores.items()}
    first = next(iter(manifests.values()))
    reports = [
        report_backend(manifests[name], tuple(store.scores())) for name, store in stores.items()
    ]
    return report_evaluation(
        first.name,
        fingerprint=first.cohort,
        backends=reports,
        seed=first.seed,
        versions=first.versions,
        casebook=gather_cases({name: store.scores() for name, store in stores.items()}, stores),
        missing_shards=first.missing_shards,
    )


def report_backend(manifest: RunManifest, cases: Sequence[CaseScore]) -> BackendReport:
    """Report on one backend.

    Args:
        manifest: Of its run.
        cases: Its scores, sorted by study.
    """
    return BackendReport(
        name=manifest.backend,
        fingerprint=manifest.fingerprint,
        provenance=manifest.provenance,
        n_trained_on=len({case.patient_id for case in learned_from(cases, manifest.trained_on)}),
        oracle=any(case.oracle for case in cases),
        summary=summarise(cases, seed=manifest.seed),
        cases=tuple(cases),
    )
