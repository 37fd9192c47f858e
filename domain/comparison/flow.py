"""Which studies a comparison counts, and where the others went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gliobench.domain.comparison.audits import ScoredRun
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.prediction import Failure, FailureReason


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
        not_shared: The studies that some run has scores of and another has not, sorted.
        arms: In the order asked for.
    """

    n_given: int
    n_shared: int
    n_unreadable: int
    n_with_grade: int
    n_with_tumour: int
    not_shared: tuple[str, ...]
    arms: tuple[ArmFlow, ...]


def follow(runs: Sequence[ScoredRun], shared: Mapping[str, Sequence[CaseScore]]) -> CohortFlow:
    """Count studies from the cohort down to each backend's answers.

    Args:
        runs: All of one cohort.
        shared: Their scores of the studies that all have, by run, in the same order.
    """
    first = next(iter(shared.values()))
    kept = {case.study_id for case in first}
    seen = {case.study_id for run in runs for case in run.cases}
    unreadable = {
        case.study_id for cases in shared.values() for case in cases if _is_unreadable(case)
    }
    return CohortFlow(
        n_given=max(len(seen), *(run.n_studies or 0 for run in runs)),
        n_shared=len(kept),
        n_unreadable=len(unreadable),
        n_with_grade=sum(case.reference_grade is not None for case in first),
        n_with_tumour=sum(case.plane is not None for case in first),
        not_shared=tuple(sorted(seen - kept)),
        arms=tuple(_arm(run, shared[run.backend]) for run in runs),
    )


def _is_unreadable(case: CaseScore) -> bool:
    return any(one.reason is FailureReason.UNREADABLE_STUDY for one in case.failures)


def _arm(run: ScoredRun, cases: Sequence[CaseScore]) -> ArmFlow:
    graded = [case for case in cases if case.reference_grade and case.grade is not None]
    placed = [case for case in cases if case.plane is not None and case.localisation]
    return ArmFlow(
        name=run.backend,
        n_scored=len(run.cases),
        n_asked_grade=len(graded),
        n_graded=sum(not isinstance(case.grade, Failure) for case in graded),
        n_asked_place=len(placed),
        n_placed=sum(
            all(outcome.failure is None for outcome in case.localisation.values())
            for case in placed
        ),
    )
