"""Warnings above all numbers of a comparison."""

from __future__ import annotations

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.words import grade_counts
from gliobench.adapters.html.numbers import listed, percent
from gliobench.adapters.html.reservations import Stamp, finding_stamps, or_all_clear
from gliobench.adapters.html.sentences import FEW_STUDIES, repeat_warning, site_warning
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.statistics.delong import FEWEST


def stamps(comparison: Comparison) -> list[Stamp]:
    """Return the warnings that stand above all numbers."""
    found = finding_stamps(comparison.findings)
    report = as_report(comparison)
    found += [*site_warning(report), *repeat_warning(report), *_few(comparison)]
    found += _failing(comparison)
    return or_all_clear(found)


def _few(comparison: Comparison) -> list[Stamp]:
    hgg, lgg = grade_counts(comparison)
    fewest, grade = min((hgg, "HGG"), (lgg, "LGG"))
    if not 0 < fewest < FEW_STUDIES or not comparison.cohort.is_ranked:
        return []
    text = (
        f"With only {fewest} {grade} studies, bootstrap CIs of differences are too narrow. The p "
        "values do not depend on them."
    )
    if fewest < FEWEST:
        text += f" AUROCs are not compared with fewer than {FEWEST} studies per grade: DeLong's test would be anti-conservative."
    return [Stamp(f"Few {grade}", text)]


def _failing(comparison: Comparison) -> list[Stamp]:
    failing = [
        f"{arm.name} in {percent(arm.failures[0].n / arm.summary.n_studies)}"
        for arm in comparison.arms
        if arm.failures[0].n
    ]
    if not failing:
        return []
    text = f"Counted as the worst answer: {listed(failing)} of the studies."
    return [Stamp("Failures", text)]
