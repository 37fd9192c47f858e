"""How the scores of a run become its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gliobench.domain.intervals import (
    Estimate,
    mean_of_proportions,
    wilson,
    without_interval,
)
from gliobench.domain.localisation_rows import localisation_rows
from gliobench.domain.metrics.classification import ConfusionMatrix, auprc, auroc, brier
from gliobench.domain.prediction import Failure, GradePrediction
from gliobench.domain.scores import CaseScore
from gliobench.domain.study import Grade
from gliobench.domain.summary import (
    BothWays,
    GradingSummary,
    Measure,
    RunSummary,
    Summary,
)

Measures = dict[Measure, Estimate]


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
        grading=_grading(cases, answered_only=answered_only),
        localisation=localisation_rows(cases, answered_only=answered_only, seed=seed),
    )


def _grading(cases: Sequence[CaseScore], *, answered_only: bool) -> GradingSummary | None:
    asked = [
        (case.reference_grade, case.grade)
        for case in cases
        if case.reference_grade is not None and case.grade is not None
    ]
    if not asked:
        return None
    failed = sum(isinstance(answer, Failure) for _, answer in asked)
    if answered_only:
        asked = [(grade, answer) for grade, answer in asked if not isinstance(answer, Failure)]
    reference = [grade for grade, _ in asked]
    answers = [_worst_if_failed(answer, reference=grade) for grade, answer in asked]
    confusion = ConfusionMatrix.of(
        reference=reference, prediction=[answer.grade for answer in answers]
    )
    return GradingSummary(
        n=len(asked),
        n_failed=failed,
        confusion=confusion,
        measures=_of_labels(confusion) | _of_probabilities(reference, answers),
        always_hgg=wilson(successes=reference.count(Grade.HGG), n=len(reference)),
    )


def _worst_if_failed(answer: GradePrediction | Failure, *, reference: Grade) -> GradePrediction:
    if isinstance(answer, GradePrediction):
        return answer
    if reference is Grade.HGG:
        return GradePrediction(Grade.LGG, probability_hgg=0.0)
    return GradePrediction(Grade.HGG, probability_hgg=1.0)


def _of_labels(confusion: ConfusionMatrix) -> Measures:
    tp, fn = confusion.true_positive, confusion.false_negative
    fp, tn = confusion.false_positive, confusion.true_negative
    n = tp + fn + fp + tn
    proportions = {
        Measure.ACCURACY: wilson(successes=tp + tn, n=n),
        Measure.SENSITIVITY: wilson(successes=tp, n=tp + fn),
        Measure.SPECIFICITY: wilson(successes=tn, n=tn + fp),
        Measure.PPV: wilson(successes=tp, n=tp + fp),
        Measure.NPV: wilson(successes=tn, n=tn + fn),
    }
    proportions[Measure.BALANCED_ACCURACY] = mean_of_proportions(
        proportions[Measure.SENSITIVITY], proportions[Measure.SPECIFICITY]
    )
    others = {
        Measure.F1_HGG: confusion.f1_hgg,
        Measure.F1_LGG: confusion.f1_lgg,
        Measure.MCC: confusion.mcc,
    }
    return proportions | {name: without_interval(value, n=n) for name, value in others.items()}


def _of_probabilities(reference: Sequence[Grade], answers: Sequence[GradePrediction]) -> Measures:
    """Measure probabilities; nothing where one answer, failures apart, is a mere label."""
    given = [a.probability_hgg for a in answers if a.probability_hgg is not None]
    if not given or len(given) < len(answers):
        return {}
    positive = np.array([grade is Grade.HGG for grade in reference])
    probability = np.array(given)
    measures = {Measure.AUROC: auroc, Measure.AUPRC: auprc, Measure.BRIER: brier}
    return {
        name: without_interval(metric(reference=positive, probability=probability), n=len(given))
        for name, metric in measures.items()
    }
