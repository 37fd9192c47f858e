"""How the comparison was made, ready to paste into a paper."""

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
from gliobench.domain.evaluation.definitions import HD95, NSD, PENALTY, TUMOUR_FREE
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.evaluation.scores import WORST_MM
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
    """Word the methods; each paragraph stands alone."""
    parts = (_design, _statistics, _discrimination, _position, _audits, _software)
    return [paragraph for part in parts for paragraph in part(comparison)]


def _design(comparison: Comparison) -> Iterator[str]:
    cohort, (hgg, lgg) = comparison.cohort, grade_counts(comparison)
    baselines = [arm.name for arm in comparison.arms if arm.baseline]
    against = (
        f", of which {listed(baselines)} are rules that look at no tumour" if baselines else ""
    )
    yield (
        f"We compared {listed([arm.name for arm in comparison.arms])}{against} on "
        f"{count(cohort.n_studies, 'study')} of {count(cohort.n_patients, 'patient')} "
        f"({hgg:,} HGG, {lgg:,} LGG), all on the same studies. {_decided_by(comparison)} HGG was the "
        "positive class. "
        "Every study counted (intention to treat): a failed grade as the wrong grade, a failed "
        f"localisation as an overlap of 0 and a distance of {WORST_MM} mm; results without failures "
        f"are given beside. {PENALTY} HD95 is the {HD95}. "
        f"NSD is the {NSD[0].lower()}{NSD[1:]}."
    )
    if cohort.n_without_tumour:
        yield f"{count(cohort.n_without_tumour, 'study')} showed no tumour. {TUMOUR_FREE}"


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
        yield "Intervals are at 95 %; no two backends were compared."
        return
    yield (
        "Proportions have Wilson's 95 % interval, balanced accuracy one recovered from sensitivity "
        "and specificity (Newcombe), AUROC DeLong's on the logit scale, its "
        "variance averaged with Hanley and McNeil's where that is larger. Each backend's F1, MCC, AUPRC "
        f"and Brier score have BCa intervals of {RESAMPLES:,} bootstrap cohorts of patients drawn "
        "within each grade. Its means have the wider of Student's and Hall's intervals at either end, "
        "over patients; where failures count into a mean, their share has Clopper and Pearson's, and "
        "where nothing failed, the interval takes failures for impossible. Differences are paired: of "
        f"grading measures the percentile interval of {comparison.replicates:,} bootstrap cohorts, drawn "
        f"within each grade (seed {comparison.seed} for all), of means as above. The primary "
        f"endpoint was {_primarily(comparison)}, {_secondary(again)}. Holm's "
        f"correction held each family of tests at {ALPHA:.2f} over all pairs: "
        f"{listed([family.value for family in Family])}. The first of these is all that the first "
        "paragraph may claim, half of its level the primary endpoint's. A mean was called better only where both its swaps and its interval said "
        "so, the latter with how often either alone failed anywhere in its exact interval, seen or not; "
        "better in the typical study is what Wilcoxon's test, the shift and most of the studies say. "
        "Failure rates were compared by McNemar's exact test. Detectable differences are the "
        f"smallest that one test at an uncorrected {ALPHA:.2f} would show at a power of 80 %."
    )
    if again:
        yield (
            f"{count(comparison.cohort.n_studies, 'study')} were of "
            f"{count(comparison.cohort.n_patients, 'patient')}. Bootstraps, means and swaps take patients "
            "with all their studies; Wilson's, Newcombe's, DeLong's and Hodges and Lehmann's "
            "intervals take studies for independent, and are too narrow."
        )


def _primarily(comparison: Comparison) -> str:
    """Tell how the primary endpoint was tested."""
    if comparison.primary == AUROC and repeats_patients(comparison):
        return "not tested"
    swaps = "" if comparison.primary == AUROC else f" ({SWAPS:,} swaps)"
    return f"tested by {primary_test(comparison.primary)}{swaps}"


def _secondary(again: bool) -> str:
    """Name the tests of the other families."""
    if again:
        return (
            "grades overall and within each grade, and signed ranks of localisation, by swapping "
            "patients; AUROCs were not tested"
        )
    return (
        "grades by McNemar's mid-p test overall and within each grade, AUROC by DeLong's paired test "
        f"where both grades had {FEWEST} studies, localisation by Wilcoxon's signed ranks with Hodges "
        "and Lehmann's shift"
    )


def _discrimination(comparison: Comparison) -> Iterator[str]:
    if any(isinstance(arm.calibration, Reliability) for arm in comparison.arms):
        yield (
            "Discrimination is shown by receiver operating characteristic and precision-recall "
            "curves, with the point of each backend's own grades; the area under the latter is the "
            f"average precision. Calibration was assessed in {BINS} bins of equal width by "
            "reliability diagrams, the expected calibration error and Murphy's decomposition of the "
            "Brier score. No backend was recalibrated on these studies."
        )


def _position(comparison: Comparison) -> Iterator[str]:
    if any(arm.biases for arm in comparison.arms):
        yield (
            "Points, boxes and polygons were scored on the axial plane of the largest reference "
            "area. Position bias was measured by the tracking index, 1 - own / others, of the mean "
            "distances from an answer to its own patient's tumour and to all others'. It is 0 where "
            "answers owe nothing to the tumour and 1 where each lies on its own; its interval is of "
            f"{comparison.replicates:,} bootstrap cohorts. Its test hands the answers to other "
            f"patients, {SHUFFLES:,} times."
        )


def _audits(comparison: Comparison) -> Iterator[str]:
    learned = {
        one.backend
        for one in comparison.findings
        if one.kind in (FindingKind.LEAKAGE, FindingKind.PRIORS) and one.backend
    }
    unstated = [
        one.backend
        for one in comparison.findings
        if one.kind is FindingKind.UNSTATED_TRAINING and one.backend
    ]
    cross_validated = sorted(
        one.backend
        for one in comparison.findings
        if one.kind is FindingKind.HELD_OUT and one.backend
    )
    if cross_validated:
        yield (
            f"{listed(cross_validated)} came of a cross-validation; each patient was answered by a "
            "fold that had not learned from them."
        )
    found = f"; {listed(sorted(learned))} had met some of them" if learned else "; none had met any"
    if unstated:
        found += f", but {listed(unstated)} did not state the training data"
    yield (
        "Patients and images that a backend had learned from were looked for by hash, as far as "
        f"backends tell of them{found}. Results are also given by tumour size, laterality, distance "
        "from the brain's centre, grade and site, and beside a grader who knows the site alone."
    )


def _software(comparison: Comparison) -> Iterator[str]:
    told = [f"{name} {version}" for name, version in sorted(comparison.versions.items())]
    if told:
        yield f"Computed with {listed(told)}."
