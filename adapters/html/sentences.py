"""What the report says in plain words; each sentence is a function of the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from gliobench.adapters.html.numbers import (
    count,
    ends,
    interval,
    listed,
    number,
    percent,
)
from gliobench.adapters.html.ranking import Ranking, by_balanced_accuracy, by_centre_error
from gliobench.adapters.html.reservations import Stamp, finding_stamps, or_all_clear, unranked
from gliobench.domain.comparison.report import CohortDescription, EvaluationReport
from gliobench.domain.evaluation.definitions import HD95, NSD, PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import Finding, FindingKind
from gliobench.domain.evaluation.scores import WORST_MM
from gliobench.domain.evaluation.summary import FormSummary, GradingSummary, Measure, Spread
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.studies.study import Grade

FEW_STUDIES = 20

REASONS: Mapping[FailureReason, str] = {
    FailureReason.UNREADABLE_STUDY: "the study could not be read",
    FailureReason.MISSING_MODALITY: "a modality that it needs is missing",
    FailureReason.EMPTY_ANSWER: "it answered nothing",
    FailureReason.REFUSAL: "it declined to answer",
    FailureReason.NO_GRADE: "it named no grade",
    FailureReason.CONTRADICTION: "it gave two answers that exclude each other",
    FailureReason.NO_NUMBERS: "it answered without numbers",
    FailureReason.WRONG_ARITY: "it answered with too many or too few numbers",
    FailureReason.NON_NUMERIC: "it answered with something else than numbers",
    FailureReason.OUT_OF_RANGE: "it pointed outside of the image",
    FailureReason.INVERTED_BOX: "its box ends before it begins",
    FailureReason.TOO_FEW_VERTICES: "its polygon has fewer than three vertices",
    FailureReason.SELF_INTERSECTION: "its polygon crosses itself",
    FailureReason.TRUNCATED: "its answer was cut off",
    FailureReason.NO_TUMOUR_FOUND: "it found no tumour to grade",
    FailureReason.NO_SLICE: "there was no slice to show it",
    FailureReason.OFF_PLANE: "its place in the volume does not reach the scoring plane",
    FailureReason.TIMEOUT: "it took too long",
    FailureReason.BACKEND_ERROR: "the backend broke down",
}


def lead(report: EvaluationReport) -> str:
    """Sum the report up in one paragraph."""
    claims = (_grading, _localising, _untested) if report.cohort.is_ranked else (_unranked,)
    parts = (_cohort, *claims, _training)
    return " ".join(sentence for part in parts for sentence in part(report))


def stamps(report: EvaluationReport) -> list[Stamp]:
    """Say what a reader must know before believing a number."""
    found = [*_missing_shards(report), *finding_stamps(report.findings)]
    found += [*site_warning(report), *repeat_warning(report), *_failing(report)]
    return or_all_clear(found)


def methods(report: EvaluationReport) -> list[str]:
    """Say how the numbers were made."""
    return [
        "HGG is the positive class. Balanced accuracy is the mean of sensitivity and specificity, "
        "so that answering one grade for all scores 0.5, whatever the prevalence.",
        "Intention-to-treat counts every study: a failed grade is the wrong grade, a failed "
        f"localisation scores an overlap of 0 and a distance of {WORST_MM} mm. Answered-only leaves "
        "failures out.",
        f"{PENALTY} A mean of few studies is moved far by one: read the median and the failures first.",
        f"HD95: {HD95}.",
        f"NSD: {NSD}.",
        TUMOUR_FREE,
        "Intervals are at 95 %: Wilson's for proportions, recovered from those of sensitivity and "
        "specificity for the balanced accuracy (Newcombe's method), DeLong's for AUROC, on the logit "
        "scale and averaged with Hanley and McNeil's variance where that is larger, the wider of Student's "
        "and Hall's at either end for means over patients, and BCa of a bootstrap within each grade "
        f"({RESAMPLES:,} draws, seed {report.seed}) for all else. Where failures count into a mean, "
        "their share has its exact interval; where nothing failed, a mean's interval takes failures "
        "for impossible. Where the studies tell of no doubt, or of one patient only, there is none.",
        "Distances are in millimetres in the study's own frame. The 3D centre error is measured in "
        "the volume, from the centroid of the reference's whole tumour; the on-plane centre error on "
        "the scoring plane, from the centroid of the reference there. A hit is a centre inside the "
        "whole tumour.",
        "The scoring plane is the axial plane of the largest reference area. It is used for "
        "scoring only; no backend is told of it.",
        "Pictures cut through the middle of the reference, in radiological convention: the "
        "patient's right is on the left. The crosshair stands where the backend put the centre.",
        f"“{number(None)}” stands for what cannot be estimated, or what a backend does not answer.",
    ]


def _cohort(report: EvaluationReport) -> Iterator[str]:
    cohort = report.cohort
    graded = ", ".join(
        f"{cohort.grades[grade]:,} {grade.value}"
        for grade in (Grade.HGG, Grade.LGG)
        if cohort.grades.get(grade)
    )
    backends = count(len(report.backends), "backend")
    of = f" ({graded})" if graded else ""
    yield f"{backends} read {count(cohort.n_studies, 'study')}{of}."


def _unranked(report: EvaluationReport) -> Iterator[str]:
    yield unranked(report.cohort)


def _grading(report: EvaluationReport) -> Iterator[str]:
    gradings = [b.summary.everyone.intention_to_treat.grading for b in report.backends]
    asked = [grading for grading in gradings if grading is not None]
    if not asked:
        return
    ranking = by_balanced_accuracy(report)
    if not ranking:
        yield "The references hold one grade only, so nobody can tell how well they grade."
        return
    yield _best_grader(ranking, alone=len(asked) == 1)
    yield always_one(max(asked, key=lambda grading: grading.n))


def _best_grader(ranking: Ranking, *, alone: bool) -> str:
    """Say whose balanced accuracy is highest; whether that is more than chance, pairs have to tell."""
    name, value, estimate = ranking[0]
    if value <= 0.5:
        return f"No balanced accuracy exceeds {said(estimate)}, where 0.5 is chance."
    claim = "is the only one that grades, at a" if alone else "has the highest"
    told = f"{name} {claim} balanced accuracy of {said(estimate)}"
    if (spread := ends(estimate)) is not None and spread.low <= 0.5:
        return f"{told}; the interval includes 0.5, which is chance."
    return f"{told}, where 0.5 is chance."


def always_one(grading: GradingSummary) -> str:
    """Say what answering the commoner grade each time would score, and how few may decide that."""
    told = (
        f"Answering {grading.commoner.value} each time is right in {percent(grading.no_skill)} of "
        "them, at a balanced accuracy of 0.5"
    )
    confusion = grading.confusion
    counts = {
        Grade.HGG: confusion.true_positive + confusion.false_negative,
        Grade.LGG: confusion.true_negative + confusion.false_positive,
    }
    grade, fewest = min(counts.items(), key=lambda one: one[1])
    if fewest == 1:
        return f"{told}; a single {grade.value} study decides half of that number."
    if fewest < FEW_STUDIES:
        step = number(0.5 / fewest)
        return f"{told}; there are only {fewest} {grade.value}, and each moves that by {step}."
    return f"{told}."


def _localising(report: EvaluationReport) -> Iterator[str]:
    ranking = by_centre_error(report)
    if not ranking:
        return
    name, row = ranking[0]
    claim = "is the only one that localises, with a" if len(ranking) == 1 else "has the smallest"
    told = f"{name} {claim} 3D centre error: {distance_words(row)}"
    for second, other in ranking[1:2]:
        told += f"; next comes {second}: {distance_words(other)}"
    yield f"{told}."


def _untested(report: EvaluationReport) -> Iterator[str]:
    if len(report.backends) > 1:
        yield "Differences are tested by gliobench compare, not here."


def distance_words(row: FormSummary, measure: Measure = Measure.ERROR_MM) -> str:
    """Word the distances of a form: median and failure rate first, then the mean.

    The mean is said with how many of its values are the penalty.
    """
    spread, mean = row.spreads[measure], row.measures[measure]
    low, middle, high = (number(one, 1) for one in spread.quartiles)
    told = f"median {middle} mm (middle half {low} to {high}; {_failed(row)}"
    if isinstance(mean, Estimate):
        told += (
            f"; mean {said(mean, digits=1, unit=' mm', opens='[', closes=']')}{_penalty(spread)}"
        )
    return f"{told})"


def _failed(row: FormSummary) -> str:
    told = f"failed in {row.n_failed:,} of {row.n:,}" if row.n_failed else "no failures"
    return f"{told}; no tumour found in {row.n_not_found:,}" if row.n_not_found else told


def _penalty(spread: Spread) -> str:
    """Tell how many of a mean's values are the penalty, in a clause or not at all."""
    if not spread.n_worst:
        return ""
    counts = "counts" if spread.n_worst == 1 else "count"
    return f", in which {count(spread.n_worst, 'study')} {counts} as {WORST_MM} mm"


def _training(report: EvaluationReport) -> Iterator[str]:
    found = list(training_words(report.findings))
    yield from found or ["By what the backends state, none of them was trained on these patients."]


def training_words(findings: Sequence[Finding]) -> Iterator[str]:
    """Say which backends have learned from these patients, and which do not state their training."""
    learned, unstated = (
        [one.backend for one in findings if one.kind is kind and one.backend]
        for kind in (FindingKind.LEAKAGE, FindingKind.UNSTATED_TRAINING)
    )
    if learned:
        have, scores = ("have", "their") if len(learned) > 1 else ("has", "its")
        yield (
            f"{listed(learned)} {have} learned from patients of this cohort: {scores} scores on them "
            "do not tell how well new patients are read."
        )
    if unstated:
        do, their = ("do", "their") if len(unstated) > 1 else ("does", "its")
        yield f"{listed(unstated)} {do} not state {their} training data."


def _missing_shards(report: EvaluationReport) -> list[Stamp]:
    if not report.missing_shards:
        return []
    named = listed(report.missing_shards[:5])
    more = len(report.missing_shards) - 5
    text = (
        f"Merged without {count(len(report.missing_shards), 'shard')}: {named}"
        f"{f' and {more:,} more' if more > 0 else ''}. Their studies are not in any number here."
    )
    return [Stamp("Partial", text)]


def _failing(report: EvaluationReport) -> list[Stamp]:
    failing = [
        f"{backend.name} in {backend.summary.n_failed:,} of {backend.summary.n_studies:,}"
        for backend in report.backends
        if backend.summary.n_failed
    ]
    if not failing:
        return []
    return [Stamp("Failures", f"Counted as the worst answer: {listed(failing)} studies.")]


def reference_counts(cohort: CohortDescription) -> str:
    """Say how many references show a tumour, how many show that there is none, and which are lost."""
    told = (
        f"References: {cohort.n_with_tumour:,} show a tumour, {cohort.n_without_tumour:,} show that "
        f"there is none, {cohort.n_unannotated:,} do not say"
    )
    lost = len(cohort.reference_faults)
    counted = f"{told}; of {lost:,} a part cannot be read." if lost else f"{told}."
    return f"{counted} {_label_words(cohort.labels)}" if cohort.labels else counted


def _label_words(labels: DatasetLabels) -> str:
    """Say what the labels of the reference masks mean, and on what ground."""
    tissues = sorted(labels.convention.tissues.items())
    return (
        f"Labels of the masks: {labels.convention.name}, {labels.convention.title} "
        f"({', '.join(f'{integer} {tissue}' for integer, tissue in tissues)}); {labels.ground}."
    )


def site_warning(report: EvaluationReport) -> list[Stamp]:
    """Warn where most studies come from sites that sent one grade only."""
    known = [
        [grades.get(Grade.HGG, 0), grades.get(Grade.LGG, 0)]
        for site, grades in report.cohort.sites.items()
        if site is not None
    ]
    graded = sum(map(sum, known))
    telling = sum(sum(pair) for pair in known if min(pair) == 0)
    if len(known) < 2 or not report.cohort.grades.get(Grade.LGG) or 2 * telling < graded:
        return []
    text = (
        f"In {telling:,} of {graded:,} studies the site alone gives the grade away. A grader may "
        "have learned the scanner rather than the tumour."
    )
    return [Stamp("Site decides grade", text)]


def repeat_warning(report: EvaluationReport) -> list[Stamp]:
    """Warn where patients came more than once."""
    cohort = report.cohort
    if cohort.n_patients >= cohort.n_studies:
        return []
    text = (
        f"The {count(cohort.n_studies, 'study')} are of {count(cohort.n_patients, 'patient')}. "
        "Intervals of proportions and of AUROC take studies for independent, so they are too "
        "narrow; those of means and bootstraps take patients with all their studies."
    )
    return [Stamp("Patients who came more than once", text)]


def said(
    estimate: Estimate, *, digits: int = 2, unit: str = "", opens: str = "(", closes: str = ")"
) -> str:
    """Say a number with its interval."""
    spread = interval(estimate, digits)
    inside = f" {opens}95 % interval {spread}{closes}" if spread else ""
    return f"{number(estimate.value, digits)}{unit}{inside}"
