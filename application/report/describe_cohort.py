"""Description of a cohort."""

from __future__ import annotations

from collections import Counter

from gliobench.domain.comparison.cohort import CohortDescription
from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.studies.study import Grade


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
