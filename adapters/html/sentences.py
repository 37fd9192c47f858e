"""What the report says in plain words; each sentence is a function of the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gliobench.adapters.html.numbers import count, interval, listed, number, percent
from gliobench.adapters.html.ranking import Ranking, by_balanced_accuracy, by_centre_error
from gliobench.domain.intervals import RESAMPLES, Estimate
from gliobench.domain.prediction import FailureReason, Form
from gliobench.domain.report import BackendReport, EvaluationReport
from gliobench.domain.scores import WORST_MM
from gliobench.domain.study import Grade

FEW_STUDIES = 20
STAND_IN = "stand-in"
"""The key of a provenance that tells that other weights stand in for the real ones."""

REASONS: Mapping[FailureReason, str] = {
    FailureReason.UNREADABLE_STUDY: "the study could not be read",
    FailureReason.MISSING_MODALITY: "a modality that it needs is missing",
    FailureReason.EMPTY_ANSWER: "it answered nothing",
    FailureReason.REFUSAL: "it declined to answer",
    FailureReason.NO_NUMBERS: "it answered without numbers",
    FailureReason.WRONG_ARITY: "it answered with too many or too few numbers",
    FailureReason.NON_NUMERIC: "it answered with something else than numbers",
    FailureReason.OUT_OF_RANGE: "it pointed outside of the image",
    FailureReason.INVERTED_BOX: "its box ends before it begins",
    FailureReason.TOO_FEW_VERTICES: "its polygon has fewer than three vertices",
    FailureReason.SELF_INTERSECTION: "its polygon crosses itself",
    FailureReason.TRUNCATED: "its answer was cut off",
    FailureReason.NO_TUMOUR_FOUND: "it found no tumour",
    FailureReason.BACKEND_ERROR: "the backend broke down",
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """A warning, or an all-clear, that stands above all numbers."""

    title: str
    text: str
    warns: bool = True


def lead(report: EvaluationReport) -> str:
    """Sum the report up in one paragraph."""
    parts = (_cohort(report), _grading(report), _localising(report), _failing(report))
    return " ".join([sentence for part in parts for sentence in part] + [_overlap(report)])


def stamps(report: EvaluationReport) -> list[Stamp]:
    """Say what a reader must know before believing a number."""
    found = [stamp for backend in report.backends for stamp in _warnings(report, backend)]
    found += _site_warning(report)
    return found or [
        Stamp(
            "No reservations on record",
            "No backend has learned from these patients or saw a slice chosen with the "
            "reference, and each has read every study.",
            warns=False,
        )
    ]


def methods(report: EvaluationReport) -> list[str]:
    """Say how the numbers were made."""
    return [
        "HGG is the positive class. Balanced accuracy is the mean of sensitivity and specificity, "
        "so that answering one grade for all scores 0.5, whatever the prevalence.",
        "Intention-to-treat counts every study: a failed grade is the wrong grade, a failed "
        f"localisation scores an overlap of 0 and a distance of {WORST_MM:.0f} mm, the diagonal of "
        "the BraTS volume. Answered-only leaves failures out.",
        "Intervals are at 95 %: Wilson's for proportions, recovered from those of sensitivity and "
        "specificity for the balanced accuracy (Newcombe's method), and a bootstrap over patients "
        f"({RESAMPLES:,} draws, seed {report.seed}) for means. An interval is not given where none "
        "holds at this size.",
        "Distances are in millimetres in the study's own frame. The reference's centre is the "
        "centroid of its whole tumour; a hit is a centre inside it.",
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
    who = count(len(report.backends), "backend")
    verb = "was" if cohort.n_studies == 1 else "were"
    of = count(cohort.n_patients, "patient") + (f" ({graded})" if graded else "")
    yield f"{count(cohort.n_studies, 'study')} of {of} {verb} read by {who}."


def _grading(report: EvaluationReport) -> Iterator[str]:
    graders = [b for b in report.backends if b.summary.everyone.intention_to_treat.grading]
    if not graders:
        return
    ranking = by_balanced_accuracy(report)
    if not ranking:
        yield (
            "With one grade only among the references, nobody can tell how well they grade, "
            "and an accuracy would flatter."
        )
        return
    yield from _best_grader(ranking, alone=len(graders) == 1)
    yield from _always_hgg(report)


def _best_grader(ranking: Ranking, *, alone: bool) -> Iterator[str]:
    name, value, estimate = ranking[0]
    if value <= 0.5:
        yield f"None grades better than chance: no balanced accuracy exceeds {_said(estimate)}."
        return
    claim = "is the only one that grades" if alone else "grades best"
    yield f"{name} {claim}, at a balanced accuracy of {_said(estimate)}, where 0.5 is chance."
    if estimate.low is not None and estimate.low <= 0.5:
        yield "That interval includes 0.5: it may have no skill at all."
    rivals = [rival for rival, _, other in ranking[1:] if _overlap_of(estimate, other)]
    if rivals:
        verb = "overlaps" if len(rivals) == 1 else "overlap"
        which = "The interval" if len(rivals) == 1 else "The intervals"
        yield f"{which} of {listed(rivals)} {verb} with it, so the order may be chance."


def _always_hgg(report: EvaluationReport) -> Iterator[str]:
    rows = [b.summary.everyone.intention_to_treat.grading for b in report.backends]
    grading = max((row for row in rows if row is not None), key=lambda row: row.n)
    yield (
        f"Answering HGG each time would be right in {percent(grading.always_hgg.value)} of the "
        "studies, with a balanced accuracy of 0.5."
    )
    confusion = grading.confusion
    counts = {
        "HGG": confusion.true_positive + confusion.false_negative,
        "LGG": confusion.true_negative + confusion.false_positive,
    }
    grade, fewest = min(counts.items(), key=lambda one: one[1])
    if 0 < fewest < FEW_STUDIES:
        yield (
            f"There are only {fewest} {grade} studies, so a single one of them moves the balanced "
            f"accuracy by {0.5 / fewest:.2f}."
            if fewest > 1
            else f"There is only 1 {grade} study, and it alone decides half of the balanced accuracy."
        )


def _localising(report: EvaluationReport) -> Iterator[str]:
    in_volume = by_centre_error(report, Form.POINT_3D)
    ranking = in_volume or by_centre_error(report, Form.POINT)
    if not ranking:
        return
    name, _, estimate = ranking[0]
    claim = "is the only one that localises" if len(ranking) == 1 else "localises best"
    where = "" if in_volume else " on the scoring plane"
    against = "".join(
        f", against {number(other, 1)} mm for {second}" for second, other, _ in ranking[1:2]
    )
    yield (
        f"{name} {claim}: its centres are {_said(estimate, digits=1, unit=' mm')} from the "
        f"reference on average{where}{against}."
    )


def _failing(report: EvaluationReport) -> Iterator[str]:
    failing = [
        f"{b.name} in {b.summary.n_failed:,} of {b.summary.n_studies:,}"
        for b in report.backends
        if b.summary.n_failed
    ]
    if failing:
        yield f"Failures, which count as wrong: {listed(failing)} studies."


def _overlap(report: EvaluationReport) -> str:
    learned = [b.name for b in report.backends if b.n_trained_on]
    if not learned:
        return "As far as the backends tell, none has learned from these patients."
    return (
        f"{listed(learned)} learned from patients of this very cohort: those scores show what was "
        "remembered, not what can be expected of new patients."
    )


def _warnings(report: EvaluationReport, backend: BackendReport) -> Iterator[Stamp]:
    cohort, summary = report.cohort, backend.summary
    if backend.n_trained_on:
        text = (
            f"{backend.name} has learned from {backend.n_trained_on:,} of "
            f"{count(cohort.n_patients, 'patient')}. On them its scores are no test."
        )
        yield Stamp("Training overlap", text)
    if backend.oracle:
        text = (
            f"{backend.name} was shown slices chosen with the reference, which nobody has in "
            "practice. Do not compare it with backends that saw whole studies."
        )
        yield Stamp("Oracle slices", text)
    if summary.n_studies < cohort.n_studies:
        text = f"{backend.name} has read {summary.n_studies:,} of {cohort.n_studies:,} studies."
        yield Stamp("Partial", text)
    if stand_in := backend.provenance.get(STAND_IN):
        yield Stamp("Stand-in", f"{backend.name}: {stand_in}")


def _site_warning(report: EvaluationReport) -> list[Stamp]:
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


def _said(estimate: Estimate, *, digits: int = 2, unit: str = "") -> str:
    spread = interval(estimate, digits)
    inside = f" (95 % interval {spread})" if spread else ""
    return f"{number(estimate.value, digits)}{unit}{inside}"


def _overlap_of(first: Estimate, second: Estimate) -> bool:
    if first.low is None or second.high is None:
        return False
    return second.high >= first.low
