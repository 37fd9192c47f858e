"""The report's sentences, each computed from the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from gliobench.domain.evaluation.definitions import PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import Finding, FindingKind
from gliobench.domain.evaluation.summary import FormSummary, GradingSummary, Spread
from gliobench.domain.labels.proposal import DatasetLabels
from gliobench.domain.metrics.measures import CENTRE_ERROR_3D, HD95_MM, NSD, WORST_MM, Measure
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.studies.study import Grade

FEW_STUDIES = 20


def lead(report: EvaluationReport) -> str:
    """Summarise the report in one paragraph."""
    claims = (_grading, _localising, _untested) if report.cohort.is_ranked else (_unranked,)
    parts = (_cohort, *claims, _training)
    return " ".join(sentence for part in parts for sentence in part(report))


def stamps(report: EvaluationReport) -> list[Stamp]:
    """Return the warnings that stand above all numbers."""
    found = [*_missing_shards(report), *finding_stamps(report.findings)]
    found += [*site_warning(report), *repeat_warning(report), *_failing(report)]
    return or_all_clear(found)


def methods(report: EvaluationReport) -> list[str]:
    """Describe how the numbers were computed."""
    return [
        "HGG is the positive class. Balanced accuracy is the mean of sensitivity and specificity, "
        "so that always answering the same grade scores 0.5 at any prevalence.",
        "Intention-to-treat scores count every study: a failed grade counts as the wrong grade, a failed "
        f"localisation as an overlap of 0 and a distance of {WORST_MM} mm. Answered-only scores exclude "
        "failures.",
        f"{PENALTY} One study can dominate the mean of a small cohort: read the median and the failure rate first.",
        f"{HD95_MM.title}: {HD95_MM.meaning}.",
        f"{NSD.title}: {NSD.meaning}.",
        TUMOUR_FREE,
        "Confidence intervals (CI) are at 95 %. Proportions: Wilson. Balanced accuracy: recovered from "
        "the intervals of sensitivity and specificity (Newcombe). AUROC: DeLong on the logit scale, with "
        "the variance averaged with Hanley and McNeil's where that is larger. Means over patients: at "
        "each end the wider of Student's and Hall's intervals. Everything else: BCa bootstrap, stratified "
        f"by grade ({RESAMPLES:,} resamples, seed {report.seed}). A mean that includes failures accounts "
        "for them by the exact interval of the failure rate; without an observed failure, its interval "
        "assumes that none can occur. No interval is given where all values are equal or where there is "
        "only one patient.",
        "Distances are in millimetres in the study's own frame. The 3D centre error is measured in "
        "the volume, from the centroid of the reference's whole tumour; the on-plane centre error on "
        "the scoring plane, from the centroid of the reference there. A hit is a centre inside the "
        "whole tumour.",
        "The scoring plane is the axial plane of the largest reference area. It is used for "
        "scoring only and never passed to a backend.",
        "Pictures show planes through the centre of the reference in radiological convention: the "
        "patient's right is on the left. The crosshair marks the predicted centre.",
        f"“{number(None)}” means not estimable, or not answered by this backend.",
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
        yield "All reference grades are equal, so grading performance cannot be estimated."
        return
    yield _best_grader(ranking, alone=len(asked) == 1)
    yield always_one(max(asked, key=lambda grading: grading.n))


def _best_grader(ranking: Ranking, *, alone: bool) -> str:
    """Name the highest balanced accuracy; differences between backends are not tested here."""
    name, value, estimate = ranking[0]
    if value <= 0.5:
        return f"No balanced accuracy exceeds {with_interval(estimate)}, where 0.5 is chance."
    claim = "is the only backend that grades, with a" if alone else "has the highest"
    claim = f"{name} {claim} balanced accuracy of {with_interval(estimate)}"
    if (spread := ends(estimate)) is not None and spread.low <= 0.5:
        return f"{claim}; the CI includes 0.5 (chance)."
    return f"{claim}, where 0.5 is chance."


def always_one(grading: GradingSummary) -> str:
    """Report the score of always answering the more common grade, and the weight of the rarer one."""
    trivial = (
        f"Always answering {grading.commoner.value} would score an accuracy of "
        f"{percent(grading.no_skill)} at a balanced accuracy of 0.5"
    )
    confusion = grading.confusion
    counts = {
        Grade.HGG: confusion.true_positive + confusion.false_negative,
        Grade.LGG: confusion.true_negative + confusion.false_positive,
    }
    grade, fewest = min(counts.items(), key=lambda one: one[1])
    if fewest == 1:
        return f"{trivial}; a single {grade.value} study determines half of the balanced accuracy."
    if fewest < FEW_STUDIES:
        step = number(0.5 / fewest)
        return (
            f"{trivial}; with only {fewest} {grade.value} studies, one of them changes the balanced "
            f"accuracy by {step}."
        )
    return f"{trivial}."


def _localising(report: EvaluationReport) -> Iterator[str]:
    ranking = by_centre_error(report)
    if not ranking:
        return
    name, row = ranking[0]
    claim = (
        "is the only backend that localises, with a" if len(ranking) == 1 else "has the smallest"
    )
    best = f"{name} {claim} 3D centre error: {distance_words(row)}"
    for second, other in ranking[1:2]:
        best += f"; second is {second}: {distance_words(other)}"
    yield f"{best}."


def _untested(report: EvaluationReport) -> Iterator[str]:
    if len(report.backends) > 1:
        yield "Use gliobench compare to test differences."


def distance_words(row: FormSummary, measure: Measure = CENTRE_ERROR_3D) -> str:
    """Describe the distances of a form: median, failure rate, then the mean with its penalised studies."""
    spread, mean = row.spreads[measure], row.measures[measure]
    digits, unit = measure.digits, f" {measure.unit}"
    low, middle, high = (number(quartile, digits) for quartile in spread.quartiles)
    text = f"median {middle}{unit} (IQR {low} to {high}; {_failed(row)}"
    if isinstance(mean, Estimate):
        words = with_interval(mean, digits=digits, unit=unit, opens="[", closes="]")
        text += f"; mean {words}{_penalty(spread)}"
    return f"{text})"


def _failed(row: FormSummary) -> str:
    failed = f"failed in {row.n_failed:,} of {row.n:,}" if row.n_failed else "no failures"
    return f"{failed}; no tumour found in {row.n_not_found:,}" if row.n_not_found else failed


def _penalty(spread: Spread) -> str:
    """Return a clause with the number of penalised studies in a mean, empty without any."""
    if not spread.n_worst:
        return ""
    counts = "counts" if spread.n_worst == 1 else "count"
    return f", where {count(spread.n_worst, 'study')} {counts} as {WORST_MM} mm"


def _training(report: EvaluationReport) -> Iterator[str]:
    found = list(training_words(report.findings))
    yield from found or ["According to the backends' metadata, none was trained on these patients."]


def training_words(findings: Sequence[Finding]) -> Iterator[str]:
    """Name the backends trained on these patients, and those that do not state their training data."""
    learned, unstated = (
        [found.backend for found in findings if found.kind is kind and found.backend]
        for kind in (FindingKind.LEAKAGE, FindingKind.UNSTATED_TRAINING)
    )
    if learned:
        was, scores = ("were", "their") if len(learned) > 1 else ("was", "its")
        yield (
            f"{listed(learned)} {was} trained on patients of this cohort: {scores} scores do not "
            "estimate the performance on new patients."
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
        f"{f' and {more:,} more' if more > 0 else ''}. Their studies are not included."
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
    """Count the references with a tumour, without one, without a mask, and unreadable ones."""
    counted = (
        f"References: {cohort.n_with_tumour:,} with a tumour, {cohort.n_without_tumour:,} "
        f"tumour-free, {cohort.n_unannotated:,} unannotated"
    )
    unreadable = len(cohort.reference_faults)
    counted += f"; {unreadable:,} partly unreadable." if unreadable else "."
    return f"{counted} {_label_words(cohort.labels)}" if cohort.labels else counted


def _label_words(labels: DatasetLabels) -> str:
    """Describe the label convention of the reference masks and why it was chosen."""
    tissues = sorted(labels.convention.tissues.items())
    return (
        f"Labels of the masks: {labels.convention.name}, {labels.convention.title} "
        f"({', '.join(f'{integer} {tissue}' for integer, tissue in tissues)}); {labels.ground}."
    )


def site_warning(report: EvaluationReport) -> list[Stamp]:
    """Warn where most studies come from sites with only one grade."""
    known = [
        [grades.get(Grade.HGG, 0), grades.get(Grade.LGG, 0)]
        for site, grades in report.cohort.sites.items()
        if site is not None
    ]
    graded = sum(map(sum, known))
    one_grade = sum(sum(pair) for pair in known if min(pair) == 0)
    if len(known) < 2 or not report.cohort.grades.get(Grade.LGG) or 2 * one_grade < graded:
        return []
    text = (
        f"In {one_grade:,} of {graded:,} studies the site alone determines the grade. A grader may "
        "have learned the scanner rather than the tumour."
    )
    return [Stamp("Grade confounded with site", text)]


def repeat_warning(report: EvaluationReport) -> list[Stamp]:
    """Warn where patients have more than one study."""
    cohort = report.cohort
    if cohort.n_patients >= cohort.n_studies:
        return []
    text = (
        f"The {count(cohort.n_studies, 'study')} are of {count(cohort.n_patients, 'patient')}. "
        "CIs of proportions and of AUROC treat studies as independent and are too narrow; those of "
        "means and bootstraps are clustered by patient."
    )
    return [Stamp("Repeated patients", text)]


def with_interval(
    estimate: Estimate, *, digits: int = 2, unit: str = "", opens: str = "(", closes: str = ")"
) -> str:
    """Print a number with its confidence interval."""
    spread = interval(estimate, digits)
    inside = f" {opens}95 % CI {spread}{closes}" if spread else ""
    return f"{number(estimate.value, digits)}{unit}{inside}"
