"""How the scores of a run become its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gliobench.domain.evaluation.grading_measures import grading_measures
from gliobench.domain.evaluation.localisation_rows import localisation_rows
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.summary import (
    BothWays,
    GradingSummary,
    RunSummary,
    Summary,
)
from gliobench.domain.metrics.classification import ConfusionMatrix
from gliobench.domain.prediction import Failure, GradePrediction
from gliobench.domain.statistics.proportions import wilson
from gliobench.domain.study import Grade


def summarise(cases: Sequence[CaseScore], *, seed: int = 0) -> RunSummary:
    """Sum up one backend's scores over one cohort.

    Args:
        cases: One a study.
        seed: Seed of the bootstrap intervals.
    """
    mixed = mixed_sites(cases)
    inside = [case for case in cases if case.site in mixed]
    failures = Counter(
        reason for case in cases for reason in {failure.reason for failure in case.failures}
    )
    return RunSummary(
        n_studies=len(cases),
        n_failed=sum(bool(case.failures) for case in cases),
        failures=dict(sorted(failures.items())),
        everyone=_both_ways(cases, seed=seed),
        mixed_sites=_both_ways(inside, seed=seed) if inside else None,
    )


def mixed_sites(cases: Sequence[CaseScore]) -> frozenset[str]:
    """Name the sites that sent studies of both grades."""
    seen = {(case.site, case.reference_grade) for case in cases if case.site is not None}
    sites = {site for site, _ in seen if site is not None}
    return frozenset(site for site in sites if {(site, grade) for grade in Grade} <= seen)


def _both_ways(cases: Sequence[CaseScore], *, seed: int) -> BothWays:
    return BothWays(
        intention_to_treat=_summary(cases, answered_only=False, seed=seed),
        answered_only=_summary(cases, answered_only=True, seed=seed),
    )


def _summary(cases: Sequence[CaseScore], *, answered_only: bool, seed: int) -> Summary:
    return Summary(
        grading=_grading(cases, answered_only=answered_only, seed=seed),
        localisation=localisation_rows(cases, answered_only=answered_only, seed=seed),
    )


def _grading(
    cases: Sequence[CaseScore], *, answered_only: bool, seed: int
) -> GradingSummary | None:
    asked = [case for case in cases if case.reference_grade and case.grade is not None]
    if not asked:
        return None
    failed = sum(isinstance(case.grade, Failure) for case in asked)
    if answered_only:
        asked = [case for case in asked if not isinstance(case.grade, Failure)]
    reference = [case.reference_grade for case in asked if case.reference_grade]
    answers = [worst_if_failed(case) for case in asked]
    confusion = ConfusionMatrix.of(
        reference=reference, prediction=[answer.grade for answer in answers]
    )
    patients = [case.patient_id for case in asked]
    return GradingSummary(
        n=len(asked),
        n_failed=failed,
        confusion=confusion,
        measures=grading_measures(reference, answers, patients=patients, seed=seed),
        always_hgg=wilson(successes=reference.count(Grade.HGG), n=len(reference)),
    )


def worst_if_failed(case: CaseScore) -> GradePrediction:
    """Give the grade that counts under intention-to-treat: for a failure the wrong one, for sure."""
    if isinstance(case.grade, GradePrediction):
        return case.grade
    if case.reference_grade is Grade.HGG:
        return GradePrediction(Grade.LGG, probability_hgg=0.0)
    return GradePrediction(Grade.HGG, probability_hgg=1.0)
