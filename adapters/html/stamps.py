"""Warnings above all numbers, and the short marks of figures and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gliobench.adapters.html.numbers import count, listed, percent
from gliobench.adapters.html.words import grade_counts, repeats_patients
from gliobench.domain.comparison.cohort import CohortDescription
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.comparison.worded import worded
from gliobench.domain.evaluation.findings import Consequence, FindingKind
from gliobench.domain.statistics.delong import FEWEST
from gliobench.domain.studies.grading_target import GRADED, GRADED_TITLE, NEGATIVE, POSITIVE
from gliobench.domain.studies.study import Grade

SIMULATED = "SIMULATED"
UNRANKED = "No backend is ranked on simulated studies"
FEW_STUDIES = 20


@dataclass(frozen=True, slots=True)
class Stamp:
    """A warning or an all-clear above all numbers.

    Args:
        title: In a few words.
        text: In whole sentences.
        warns: Whether it is a warning.
        n: Backends or findings concerned, where they are several.
    """

    title: str
    text: str
    warns: bool = True
    n: int = 1


NO_RESERVATIONS = Stamp(
    "No warnings",
    "Every backend states its training data and was trained on none of these patients; none was "
    "shown a slice selected with the reference; each read every study.",
    warns=False,
)


def stamps(report: Report) -> list[Stamp]:
    """Return the warnings that stand above all numbers, the most serious first."""
    found = [*_missing_shards(report), *_findings(report), *_sites(report), *_repeats(report)]
    found += [*few_studies(report), *_failing(report)]
    found = [worded(stamp, report.target) for stamp in found]
    # what makes a model look worse than it is warns least
    found.sort(key=lambda stamp: (not stamp.warns, stamp.title == FindingKind.PRIORS.heading))
    return found if any(stamp.warns for stamp in found) else [NO_RESERVATIONS, *found]


def marks(report: Report) -> tuple[str, ...]:
    """Return the short marks of every figure and table."""
    oracles = [arm.name for arm in report.arms if arm.oracle]
    stated = all(found.kind is not FindingKind.UNSTATED_SLICES for found in report.findings)
    oracle = "oracle slices" if stated else "oracle slices (selection not stated)"
    if oracles and len(oracles) < len(report.arms):
        oracle += f": {listed(oracles)}"
    return tuple(filter(None, (simulated(report.cohort), oracle if oracles else "")))


def simulated(cohort: CohortDescription) -> str:
    """Return the mark of a simulated cohort, with the share if only a part is; empty otherwise."""
    if cohort.n_simulated in (0, cohort.n_studies):
        return SIMULATED if cohort.n_simulated else ""
    return f"{cohort.n_simulated:,} of {cohort.n_studies:,} {SIMULATED}"


def unranked(cohort: CohortDescription) -> str:
    """Explain why no backend is ranked."""
    phantoms = f"{cohort.n_simulated:,} of {cohort.n_studies:,}"
    return f"{UNRANKED} ({phantoms} are phantoms): their scores show that the program runs."


def _findings(report: Report) -> Iterator[Stamp]:
    """Merge all findings of a kind into one stamp."""
    for kind in dict.fromkeys(finding.kind for finding in report.findings):
        found = [finding for finding in report.findings if finding.kind is kind]
        yield Stamp(
            kind.heading,
            " ".join(finding.sentence for finding in found),
            warns=kind.consequence is not Consequence.NOTED,
            n=len(found),
        )


def _missing_shards(report: Report) -> Iterator[Stamp]:
    if missing := report.missing_shards:
        more = f" and {len(missing) - 5:,} more" if len(missing) > 5 else ""
        yield Stamp(
            "Partial",
            f"Merged without {count(len(missing), 'shard')}: {listed(missing[:5])}{more}. Their "
            "studies are not included.",
        )


def _sites(report: Report) -> Iterator[Stamp]:
    """Warn where most studies come from sites with only one grade."""
    sites = report.sites
    if (
        len(sites.counts) > 1
        and report.grades
        and report.cohort.grades.get(Grade.LGG)
        and sites.is_confounded
    ):
        graded = sites.n_one_grade + sum(sites.mixed_grades.values())
        yield Stamp(
            f"{GRADED_TITLE} confounded with site: {sites.n_one_grade:,}/{graded:,}",
            f"In {sites.n_one_grade:,} of {graded:,} studies the site alone determines the {GRADED}. A grader "
            "may have learned the scanner rather than the tumour.",
        )


def _repeats(report: Report) -> Iterator[Stamp]:
    """Warn where patients have more than one study."""
    if repeats_patients(report):
        cohort = report.cohort
        yield Stamp(
            "Repeated patients",
            f"The {count(cohort.n_studies, 'study')} are of {count(cohort.n_patients, 'patient')}. "
            "CIs of proportions and of AUROC treat studies as independent and are too narrow; those "
            "of means and bootstraps are clustered by patient.",
        )


def few_studies(report: Report) -> Iterator[Stamp]:
    """Warn where a grade has so few studies that a bootstrap varies too little."""
    hgg, lgg = grade_counts(report)
    fewest, grade = min((hgg, POSITIVE), (lgg, NEGATIVE))
    if not 0 < fewest < FEW_STUDIES or not report.cohort.is_ranked or not report.grades:
        return
    text = (
        f"With only {count(fewest, f'{grade} study')}, bootstrap CIs of differences and of ranks are too "
        "narrow. The p values do not depend on them."
    )
    if fewest < FEWEST:
        text += f" AUROCs are not compared with fewer than {FEWEST} studies per grade: DeLong's test would be anti-conservative."
    yield Stamp(f"Few {grade}: {fewest}", text)


def _failing(report: Report) -> Iterator[Stamp]:
    failing = [
        f"{arm.name} in {arm.summary.n_failed:,} of {count(arm.summary.n_studies, 'study')} "
        f"({percent(arm.summary.n_failed / arm.summary.n_studies)}{_only_reason(arm)})"
        for arm in report.arms
        if arm.summary.n_failed
    ]
    if failing:
        yield Stamp("Failures", f"Counted as the worst answer: {listed(failing)}.", n=len(failing))


def _only_reason(arm: Arm) -> str:
    """Return the reason of all failures, where they share one."""
    whole, *by_reason = arm.failures
    reasons = [row.reason.value for row in by_reason if row.reason and row.n == whole.n]
    return f", {reasons[0]}" if len(by_reason) == len(reasons) == 1 else ""
