"""The content of a report: a cohort, and each backend's scores over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.evaluation.summary import RunSummary
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.position.control_responses import Response
from gliobench.domain.studies.study import Grade


@dataclass(frozen=True, slots=True)
class CohortDescription:
    """What was evaluated on.

    Args:
        name: What the user called it: the folder's name.
        fingerprint: Hash of the studies' ids and contents.
        n_studies: All of them.
        n_patients: Fewer, where a patient came twice.
        n_with_tumour: Studies whose reference shows a tumour.
        n_without_tumour: Studies whose reference says that there is none.
        image_faults: Why a study's images show no brain without its skull, by study id. It is still
            scored.
        reference_faults: Why a part of a study's reference could not be read, by study id. Nothing
            is scored there that needs it.
        labels: What the labels of the reference masks mean, and on what ground; None where there is
            no mask of labels, or an older run does not say.
        grades: Studies by reference grade; None is an unknown one.
        sites: Studies by site and grade; None is an unknown one.
        n_simulated: Phantoms among the studies: where there is one, no backend is ranked.
    """

    name: str
    fingerprint: str
    n_studies: int
    n_patients: int
    n_with_tumour: int
    n_without_tumour: int
    grades: Mapping[Grade | None, int]
    sites: Mapping[str | None, Mapping[Grade | None, int]]
    image_faults: Mapping[str, str] = field(default_factory=dict)
    reference_faults: Mapping[str, str] = field(default_factory=dict)
    labels: DatasetLabels | None = None
    n_simulated: int = 0

    @property
    def n_unannotated(self) -> int:
        """Number of studies for which it is unknown whether there is a tumour."""
        return self.n_studies - self.n_with_tumour - self.n_without_tumour

    @property
    def is_ranked(self) -> bool:
        """Return whether backends are ranked: only if every study is of a patient."""
        return self.n_simulated == 0


@dataclass(frozen=True, slots=True)
class BackendReport:
    """What is reported of one backend.

    Args:
        name: The backend.
        fingerprint: Hash of all that decides its predictions.
        provenance: Weights, provider, … as stated by the backend.
        n_trained_on: Patients of this cohort that the backend has learned from: scores on them
            are no test. None where it does not state its training data.
        oracle: True where it was shown slices chosen with the reference.
        summary: The scores, summed up.
        controls: What it made of altered images; empty where it was not controlled.
    """

    name: str
    fingerprint: str
    provenance: Mapping[str, str]
    n_trained_on: int | None
    oracle: bool
    summary: RunSummary
    controls: tuple[Response, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """All that a report says; a pure function of its runs.

    Args:
        cohort: What was evaluated on.
        backends: In the order asked for.
        seed: Seed of the intervals.
        versions: Of gliobench and the libraries that computed.
        findings: What a reader has to know, the gravest first.
        casebook: Single cases, for readers.
        missing_shards: Parts of the cohort that were left out, as `I-of-N`.
    """

    cohort: CohortDescription
    backends: tuple[BackendReport, ...]
    seed: int
    versions: Mapping[str, str]
    findings: tuple[Finding, ...] = ()
    casebook: Casebook = field(default_factory=Casebook)
    missing_shards: tuple[str, ...] = ()
