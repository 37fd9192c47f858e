"""The methods of a report, as text for a paper."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Part, Prose
from gliobench.adapters.html.numbers import count, listed
from gliobench.adapters.html.sections.checklists import checklists
from gliobench.adapters.html.stamps import unranked
from gliobench.adapters.html.words import (
    concerned,
    endpoint_name,
    grade_counts,
    primary_test,
    repeats_patients,
)
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.pair import ALPHA, Family
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.definitions import PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.metrics.measures import HD95_MM, NSD, WORST_MM
from gliobench.domain.position.tracking import SHUFFLES
from gliobench.domain.statistics.delong import FEWEST
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.statistics.reliability import BINS, Reliability
from gliobench.domain.statistics.swapping import SWAPS


def methods(report: Report) -> list[Block]:
    """Return the section."""
    return [
        Closed("Methods, as text for a paper", [Prose(method_paragraphs(report), "paste")]),
        Part(
            "Reporting checklists",
            list(checklists(report)),
            "Ticked items are addressed on this page, in the section named; all others are left to the "
            "author. A tick does not mean that the item is fully met. Item numbers are those of the "
            "checklists, the wording is ours.",
        ),
    ]


def method_paragraphs(report: Report) -> list[str]:
    """Describe the methods; each paragraph is self-contained."""
    parts = (_design, _statistics, _discrimination, _position, _audits, _software)
    return [paragraph for part in parts for paragraph in part(report)]


def _design(report: Report) -> Iterator[str]:
    cohort, (hgg, lgg) = report.cohort, grade_counts(report)
    baselines = [arm.name for arm in report.arms if arm.baseline]
    against = (
        f", of which {listed(baselines)} are baselines that do not detect the tumour"
        if baselines
        else ""
    )
    yield (
        f"We compared {listed([arm.name for arm in report.arms])}{against} on "
        f"{count(cohort.n_studies, 'study')} of {count(cohort.n_patients, 'patient')} "
        f"({hgg:,} HGG, {lgg:,} LGG), all on the same studies. {_decided_by(report)} HGG was the "
        "positive class. "
        "The analysis was by intention to treat: a failed grade counted as the wrong grade, a failed "
        f"localisation as an overlap of 0 and a distance of {WORST_MM} mm; answered-only results are "
        f"given in addition. {PENALTY} HD95 is the {HD95_MM.meaning}. "
        f"NSD is the {NSD.meaning[0].lower()}{NSD.meaning[1:]}."
    )
    if cohort.n_without_tumour:
        yield f"{count(cohort.n_without_tumour, 'study')} were tumour-free. {TUMOUR_FREE}"


def _decided_by(report: Report) -> str:
    """Name the primary endpoint, or say why there is none."""
    if not report.cohort.is_ranked:
        return unranked(report.cohort)
    return f"The primary endpoint ({report.primary_choice.value}) was the {endpoint_name(report.primary)}."


def _statistics(report: Report) -> Iterator[str]:
    again = repeats_patients(report)
    if not report.cohort.is_ranked:
        yield "Confidence intervals are at 95 %; backends were not compared."
        return
    yield (
        "95 % confidence intervals (CI) are Wilson's for proportions, Newcombe's for balanced accuracy "
        "(recovered from sensitivity and specificity), and DeLong's on the logit scale for AUROC, with the "
        "variance averaged with Hanley and McNeil's where that is larger. F1, MCC, AUPRC and the Brier "
        f"score of each backend have BCa bootstrap CIs ({RESAMPLES:,} resamples of patients, stratified "
        "by grade). Means over patients have, at each end, the wider of Student's and Hall's CIs; where "
        "a mean includes failures, the failure rate has Clopper and Pearson's CI; without an observed "
        "failure, the CI assumes that none can occur. Differences are paired. Those of grading measures "
        f"have percentile bootstrap CIs ({report.replicates:,} resamples, stratified by grade, seed "
        f"{report.seed}), those of means the CIs described above. The primary "
        f"endpoint was {_primarily(report)}, {_secondary(again)}. P values were adjusted by Holm's "
        f"method over all pairs within each family of tests at a level of {ALPHA:.2f}; the families are: "
        f"{listed([family.value for family in Family])}. The report makes claims from the "
        "first family only, half of whose level is reserved for the primary endpoint. A mean is reported "
        "as better only if both the permutation test and the CI agree, the CI under every failure rate "
        "within the exact interval of either backend, observed or not. “Better in the typical study” "
        "means that Wilcoxon's test, the Hodges–Lehmann shift and the majority of studies agree. "
        "Failure rates were compared by McNemar's exact test. Detectable differences are the smallest "
        f"that a single test at an uncorrected level of {ALPHA:.2f} detects with a power of 80 %."
    )
    if again:
        yield (
            f"{count(report.cohort.n_studies, 'study')} were of "
            f"{count(report.cohort.n_patients, 'patient')}. Bootstraps, means and permutation tests "
            "are clustered by patient; the CIs by Wilson, Newcombe, DeLong and Hodges–Lehmann treat "
            "studies as independent and are too narrow."
        )


def _primarily(report: Report) -> str:
    """Describe how the primary endpoint was tested."""
    if report.primary == AUROC and repeats_patients(report):
        return "not tested"
    swaps = "" if report.primary == AUROC else f" ({SWAPS:,} permutations)"
    return f"tested by {primary_test(report.primary)}{swaps}"


def _secondary(again: bool) -> str:
    """Name the tests of the other families."""
    if again:
        return (
            "grades overall and within each grade, and signed ranks of localisation, by permutation "
            "over patients; AUROCs were not tested"
        )
    return (
        "grades by McNemar's mid-p test overall and within each grade, AUROC by DeLong's paired test "
        f"where both grades had {FEWEST} studies, localisation by Wilcoxon's signed-rank test with the "
        "Hodges–Lehmann shift"
    )


def _discrimination(report: Report) -> Iterator[str]:
    if any(isinstance(arm.calibration, Reliability) for arm in report.arms):
        yield (
            "Discrimination is shown by receiver operating characteristic and precision-recall "
            "curves, with the operating point of each backend's own grades; the area under the latter is the "
            f"average precision. Calibration was assessed in {BINS} bins of equal width by "
            "reliability diagrams, the expected calibration error and Murphy's decomposition of the "
            "Brier score. No backend was recalibrated on these studies."
        )


def _position(report: Report) -> Iterator[str]:
    if any(arm.biases for arm in report.arms):
        yield (
            "Points, boxes and polygons were scored on the axial plane of the largest reference "
            "area. Position bias was measured by the tracking index, 1 - own / others, of the mean "
            "distances from an answer to its own patient's tumour and to all others'. It is 0 for answers "
            "independent of tumour position and 1 where each answer is at the centre of its own tumour; "
            f"its CI is from {report.replicates:,} bootstrap resamples. It was tested by shuffling "
            f"the answers between patients, {SHUFFLES:,} times."
        )


def _audits(report: Report) -> Iterator[str]:
    learned = sorted(set(concerned(report, FindingKind.LEAKAGE, FindingKind.PRIORS)))
    unstated = concerned(report, FindingKind.UNSTATED_TRAINING)
    cross_validated = sorted(concerned(report, FindingKind.HELD_OUT))
    if cross_validated:
        yield (
            f"{listed(cross_validated)} came from cross-validation: each patient was predicted by a fold "
            "that was not trained on that patient."
        )
    found = f"; {listed(learned)} had such an overlap" if learned else "; none was found"
    if unstated:
        found += f", but {listed(unstated)} did not state the training data"
    yield (
        "Overlap with patients and images in the training data stated by the backends was searched for "
        f"by hash{found}. Results are also given by tumour size, laterality, distance from the "
        "brain's centre, grade and site, and in comparison with a grader that uses the site alone."
    )


def _software(report: Report) -> Iterator[str]:
    versions = [f"{name} {version}" for name, version in sorted(report.versions.items())]
    if versions:
        yield f"Computed with {listed(versions)}."
