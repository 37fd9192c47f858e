"""Flow of studies: those counted in a comparison, and those excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from gliobench.domain.comparison.run_audits import ScoredRun
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.predictions.prediction import FailureReason


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
