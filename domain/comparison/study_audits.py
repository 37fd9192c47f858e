"""Audits of the studies that runs share: their names, images and references."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Finding, FindingKind
from gliobench.domain.studies.patients import assumptions
from gliobench.domain.studies.study import Modality

NAMED = 5
"""Maximum number of studies listed with a reason; more are only counted."""


def audit_studies(cases: CaseTable) -> Iterator[Finding]:
    """Find what is unusual in the studies themselves, whoever reads them."""
    yield from _assumed_patients(cases)
    yield from _absent(cases)
    yield from _images(cases)
    yield from _scope(cases)
    yield from _references(cases)


def _assumed_patients(cases: CaseTable) -> Iterator[Finding]:
    """Report assumptions about which studies share a patient, on which leakage depends."""
    patients = dict(zip(cases.study_ids.tolist(), cases.patients.tolist(), strict=True))
    for assumption in assumptions(patients):
        yield Finding(FindingKind.ASSUMED_PATIENTS, f"{assumption}.")


def _absent(cases: CaseTable) -> Iterator[Finding]:
    """Find studies that lack modalities: some backends need them, others do without."""
    lacking = {modality: found for modality in Modality if (found := cases.lacks(modality)).any()}
    if lacking:
        where = np.logical_or.reduce(list(lacking.values()))
        named = ", ".join(f"{one.value} from {found.sum()}" for one, found in lacking.items())
        yield Finding(
            FindingKind.ABSENT_MODALITIES,
            f"A modality is absent from {where.sum()} of {studies(len(cases))}: {named}. A backend "
            "that needs it fails there; others answer without it.",
            study_ids=ids_of(cases.take(where)),
        )


def _images(cases: CaseTable) -> Iterator[Finding]:
    """Find studies outside the intended input of the backends."""
    if faults := cases.image_faults:
        yield Finding(
            FindingKind.IMPLAUSIBLE_IMAGES,
            f"The images of {studies(len(faults))} do not show a skull-stripped brain. They are scored "
            f"like all others; to exclude them, use dataset verify --quarantine. {_named(faults)}.",
            study_ids=tuple(sorted(faults)),
        )


def _scope(cases: CaseTable) -> Iterator[Finding]:
    """Find studies about which no answer may be right, though their images can be read."""
    if notes := cases.image_notes:
        yield Finding(
            FindingKind.OUT_OF_SCOPE,
            f"The images of {studies(len(notes))} make any answer doubtful: sequences look as if they bore "
            "each other's names, are one image under two, or lie apart, or the orientation is not stated or "
            "looks wrong. They are scored "
            f"like all others; check the files. {_named(notes)}.",
            study_ids=tuple(sorted(notes)),
        )


def _references(cases: CaseTable) -> Iterator[Finding]:
    """Find references that are partly unknown, which is not a fault of any backend."""
    annotated = cases.has_plane | cases.tumour_free
    scored = f"Localisation is scored in {annotated.sum()} of {studies(len(cases))}"
    if notes := cases.reference_notes:
        yield Finding(
            FindingKind.NOTED_REFERENCES,
            f"In {studies(len(notes))} the reference mask is unusual. {_named(notes)}.",
            study_ids=tuple(sorted(notes)),
        )
    faults = cases.reference_faults
    lacking = sorted(set(cases.study_ids[~annotated].tolist()) - set(faults))
    if faults:
        yield Finding(
            FindingKind.UNREADABLE_REFERENCES,
            f"{scored}: the reference of {studies(len(faults))} is partly unreadable. Readable parts, "
            f"such as the grade, are scored, and no failure is counted. {_named(faults)}.",
            study_ids=tuple(sorted(faults)),
        )
    if annotated.any() and lacking:
        yield Finding(
            FindingKind.MISSING_MASKS,
            f"{scored}: {len(lacking)} without a reference mask, or not readable.",
            study_ids=tuple(lacking),
        )


def _named(reasons: Mapping[str, str]) -> str:
    named = "; ".join(f"{item}: {why}" for item, why in list(reasons.items())[:NAMED])
    return f"{named}; and {len(reasons) - NAMED} more" if len(reasons) > NAMED else named


def ids_of(table: CaseTable) -> tuple[str, ...]:
    """List the studies, sorted."""
    return tuple(sorted(table.study_ids.tolist()))


def studies(count: int) -> str:
    """Count studies in words."""
    return "1 study" if count == 1 else f"{count} studies"
