"""The studies that a report is on: those given, counted in a comparison, and excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from gliobench.domain.comparison.run_audits import ScoredRun
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.predictions.prediction import FailureReason
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
        n_single_slices: Studies of one plane, in which nothing is measured in a volume.
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
    n_single_slices: int = 0

    @property
    def n_unannotated(self) -> int:
        """Number of studies for which it is unknown whether there is a tumour."""
        return self.n_studies - self.n_with_tumour - self.n_without_tumour

    @property
    def is_ranked(self) -> bool:
        """Return whether backends are ranked: only if every study is of a patient."""
        return self.n_simulated == 0

    @property
    def has_volumes(self) -> bool:
        """Return whether any study is more than a single slice."""
        return self.n_single_slices < self.n_studies


@dataclass(frozen=True, slots=True)
class ArmFlow:
    """What one backend made of the shared studies.

    Args:
        name: The backend.
        n_scored: Studies that its run has scores of, shared or not.
        n_asked_grade: Of the studies with a reference grade; 0 where it does not grade.
        n_graded: Of those, the ones it gave a grade.
        n_asked_place: Of the studies with a reference tumour; 0 where it does not localise.
        n_placed: Of those, the ones it answered in every form that it was asked for.
    """

    name: str
    n_scored: int
    n_asked_grade: int
    n_graded: int
    n_asked_place: int
    n_placed: int


@dataclass(frozen=True, slots=True)
class CohortFlow:
    """The studies, from those given to those compared.

    Args:
        n_given: Studies of the cohort that the runs were asked about.
        n_shared: Those that every run has scores of: all numbers are of them.
        n_unreadable: Of the shared, those that some backend could not read.
        n_with_grade: Of the shared, those with a reference grade.
        n_with_tumour: Of the shared, those whose reference shows a tumour.
        n_without_tumour: Of the shared, those whose reference says that there is none.
        not_shared: The studies that some run has scores of and another has not, sorted.
        arms: In the order asked for.
    """

    n_given: int
    n_shared: int
    n_unreadable: int
    n_with_grade: int
    n_with_tumour: int
    n_without_tumour: int
    not_shared: tuple[str, ...]
    arms: tuple[ArmFlow, ...]


def follow(runs: Sequence[ScoredRun], shared: Mapping[str, CaseTable]) -> CohortFlow:
    """Count studies from the cohort down to each backend's answers.

    Args:
        runs: All of one cohort.
        shared: Their scores of the studies that all have, by run, in the same order.
    """
    first = next(iter(shared.values()))
    kept = set(first.study_ids.tolist())
    seen = {study_id for run in runs for study_id in run.cases.study_ids.tolist()}
    unreadable = [table.failed_for(FailureReason.UNREADABLE_STUDY) for table in shared.values()]
    return CohortFlow(
        n_given=max(len(seen), *(run.n_studies or 0 for run in runs)),
        n_shared=len(kept),
        n_unreadable=int(np.logical_or.reduce(unreadable).sum()),
        n_with_grade=int(first.has_grade.sum()),
        n_with_tumour=int(first.has_plane.sum()),
        n_without_tumour=int(first.tumour_free.sum()),
        not_shared=tuple(sorted(seen - kept)),
        arms=tuple(_arm(run, shared[run.backend]) for run in runs),
    )


def _arm(run: ScoredRun, table: CaseTable) -> ArmFlow:
    grade = table.has_grade & table.asked_grade
    asked, failed = (
        np.any([holds(form) for form in table.forms], axis=0)
        for holds in (table.asked, table.failed)
    )
    return ArmFlow(
        name=run.backend,
        n_scored=len(run.cases),
        n_asked_grade=int(grade.sum()),
        n_graded=int((grade & ~table.failed_grade).sum()),
        n_asked_place=int((table.has_plane & asked).sum()),
        n_placed=int((table.has_plane & asked & ~failed).sum()),
    )
