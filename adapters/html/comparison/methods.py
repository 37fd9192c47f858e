"""The methods of a comparison, as text for a paper."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.comparison.checklists import checklists
from gliobench.adapters.html.comparison.words import (
    endpoint_name,
    grade_counts,
    primary_test,
    repeats_patients,
    when_chosen,
)
from gliobench.adapters.html.numbers import count, listed
from gliobench.adapters.html.reservations import unranked
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.result import ALPHA, Comparison, Family
from gliobench.domain.evaluation.definitions import PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.metrics.measures import HD95_MM, NSD, WORST_MM
from gliobench.domain.position.tracking import SHUFFLES
from gliobench.domain.statistics.delong import FEWEST
from gliobench.domain.statistics.means import RESAMPLES
from gliobench.domain.statistics.reliability import BINS, Reliability
from gliobench.domain.statistics.swapping import SWAPS


def methods(comparison: Comparison) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "paragraphs": method_paragraphs(comparison),
        "checklists": checklists(comparison),
    }


def method_paragraphs(comparison: Comparison) -> list[str]:
    """Describe the methods; each paragraph is self-contained."""
    parts = (_design, _statistics, _discrimination, _position, _audits, _software)
    return [paragraph for part in parts for paragraph in part(comparison)]


def _design(comparison: Comparison) -> Iterator[str]:
    cohort, (hgg, lgg) = comparison.cohort, grade_counts(comparison)
    baselines = [arm.name for arm in comparison.arms if arm.baseline]
    against = (
        f", of which {listed(baselines)} are baselines that do not detect the tumour"
        if baselines
        else ""
    )
    yield (
        f"We compared {listed([arm.name for arm in comparison.arms])}{against} on "
        f"{count(cohort.n_studies, 'study')} of {count(cohort.n_patients, 'patient')} "
        f"({hgg:,} HGG, {lgg:,} LGG), all on the same studies. {_decided_by(comparison)} HGG was the "
        "positive class. "
        "The analysis was by intention to treat: a failed grade counted as the wrong grade, a failed "
        f"localisation as an overlap of 0 and a distance of {WORST_MM} mm; answered-only results are "
        f"given in addition. {PENALTY} HD95 is the {HD95_MM.meaning}. "
        f"NSD is the {NSD.meaning[0].lower()}{NSD.meaning[1:]}."
    )
    if cohort.n_without_tumour:
        yield f"{count(cohort.n_without_tumour, 'study')} were tumour-free. {TUMOUR_FREE}"


def _decided_by(comparison: Comparison) -> str:
    """Name the primary endpoint, or say why there is none."""
    if not comparison.cohort.is_ranked:
        return unranked(comparison.cohort)
    return (
        f"The primary endpoint ({when_chosen(comparison)}) was the "
        f"{endpoint_name(comparison.primary)}."
    )


def _statistics(comparison: Comparison) -> Iterator[str]:
    again = repeats_patients(comparison)
    if not comparison.cohort.is_ranked:
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
        f"have percentile bootstrap CIs ({comparison.replicates:,} resamples, stratified by grade, seed "
        f"{comparison.seed}), those of means the CIs described above. The primary "
        f"endpoint was {_primarily(comparison)}, {_secondary(again)}. P values were adjusted by Holm's "
        f"method over all pairs within each family of tests at a level of {ALPHA:.2f}; the families are: "
        f"{listed([family.value for family in Family])}. The first paragraph makes claims from the "
        "first family only, half of whose level is reserved for the primary endpoint. A mean is reported "
        "as better only if both the permutation test and the CI agree, the CI under every failure rate "
        "within the exact interval of either backend, observed or not. “Better in the typical study” "
        "means that Wilcoxon's test, the Hodges–Lehmann shift and the majority of studies agree. "
        "Failure rates were compared by McNemar's exact test. Detectable differences are the smallest "
        f"that a single test at an uncorrected level of {ALPHA:.2f} detects with a power of 80 %."
    )
    if again:
        yield (
            f"{count(comparison.cohort.n_studies, 'study')} were of "
            f"{count(comparison.cohort.n_patients, 'patient')}. Bootstraps, means and permutation tests "
            "are clustered by patient; the CIs by Wilson, Newcombe, DeLong and Hodges–Lehmann treat "
            "studies as independent and are too narrow."
        )


def _primarily(comparison: Comparison) -> str:
    """Describe how the primary endpoint was tested."""
    if comparison.primary == AUROC and repeats_patients(comparison):
        return "not tested"
    swaps = "" if comparison.primary == AUROC else f" ({SWAPS:,} permutations)"
    return f"tested by {primary_test(comparison.primary)}{swaps}"


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


def _discrimination(comparison: Comparison) -> Iterator[str]:
    if any(isinstance(arm.calibration, Reliability) for arm in comparison.arms):
        yield (
            "Discrimination is shown by receiver operating characteristic and precision-recall "
            "curves, with the operating point of each backend's own grades; the area under the latter is the "
            f"average precision. Calibration was assessed in {BINS} bins of equal width by "
            "reliability diagrams, the expected calibration error and Murphy's decomposition of the "
            "Brier score. No backend was recalibrated on these studies."
        )


def _position(comparison: Comparison) -> Iterator[str]:
    if any(arm.biases for arm in comparison.arms):
        yield (
            "Points, boxes and polygons were scored on the axial plane of the largest reference "
            "area. Position bias was measured by the tracking index, 1 - own / others, of the mean "
            "distances from an answer to its own patient's tumour and to all others'. It is 0 for answers "
            "independent of tumour position and 1 where each answer is at the centre of its own tumour; "
            f"its CI is from {comparison.replicates:,} bootstrap resamples. It was tested by shuffling "
            f"the answers between patients, {SHUFFLES:,} times."
        )


def _audits(comparison: Comparison) -> Iterator[str]:
    learned = {
        finding.backend
        for finding in comparison.findings
        if finding.kind in (FindingKind.LEAKAGE, FindingKind.PRIORS) and finding.backend
    }
    unstated = [
        finding.backend
        for finding in comparison.findings
        if finding.kind is FindingKind.UNSTATED_TRAINING and finding.backend
    ]
    cross_validated = sorted(
        finding.backend
        for finding in comparison.findings
        if finding.kind is FindingKind.HELD_OUT and finding.backend
    )
    if cross_validated:
        yield (
            f"{listed(cross_validated)} came from cross-validation: each patient was predicted by a fold "
            "that was not trained on that patient."
        )
    found = f"; {listed(sorted(learned))} had such an overlap" if learned else "; none was found"
    if unstated:
        found += f", but {listed(unstated)} did not state the training data"
    yield (
        "Overlap with patients and images in the training data stated by the backends was searched for "
        f"by hash{found}. Results are also given by tumour size, laterality, distance from the "
        "brain's centre, grade and site, and in comparison with a grader that uses the site alone."
    )


def _software(comparison: Comparison) -> Iterator[str]:
    versions = [f"{name} {version}" for name, version in sorted(comparison.versions.items())]
    if versions:
        yield f"Computed with {listed(versions)}."
