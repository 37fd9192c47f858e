"""Put what was scored together as one report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from gliobench.domain.evaluation.casebook import Casebook
from gliobench.domain.evaluation.report import (
    BackendReport,
    CohortDescription,
    EvaluationReport,
)
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.study import Grade


def report_evaluation(
    name: str,
    *,
    fingerprint: str,
    backends: Sequence[BackendReport],
    seed: int,
    versions: Mapping[str, str],
    casebook: Casebook | None = None,
    missing_shards: Sequence[str] = (),
) -> EvaluationReport:
    """Report on backends that were scored over one cohort.

    Args:
        name: What the user calls the cohort.
        fingerprint: The cohort's.
        backends: At least one, all over the same studies.
        seed: Seed of the intervals.
        versions: Of gliobench and the libraries that computed.
        casebook: Single cases, for readers.
        missing_shards: Parts of the cohort that were left out.
    """
    return EvaluationReport(
        cohort=describe_cohort(name, fingerprint, backends[0].cases),
        backends=tuple(backends),
        seed=seed,
        versions=versions,
        casebook=casebook or Casebook(),
        missing_shards=tuple(missing_shards),
    )


def describe_cohort(name: str, fingerprint: str, cases: Sequence[CaseScore]) -> CohortDescription:
    """Describe a cohort by the scores of any one run over it."""
    sites: dict[str | None, Counter[Grade | None]] = {}
    for case in sorted(cases, key=lambda case: case.site or ""):
        sites.setdefault(case.site, Counter())[case.reference_grade] += 1
    return CohortDescription(
        name=name,
        fingerprint=fingerprint,
        n_studies=len(cases),
        n_patients=len({case.patient_id for case in cases}),
        n_with_mask=sum(case.plane is not None for case in cases),
        grades=Counter(case.reference_grade for case in cases),
        sites=sites,
    )
