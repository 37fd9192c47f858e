"""What a reader must know before believing a number."""

from __future__ import annotations

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.words import grade_counts
from gliobench.adapters.html.numbers import listed, percent
from gliobench.adapters.html.reservations import Stamp, finding_stamps, or_all_clear
from gliobench.adapters.html.sentences import FEW_STUDIES, repeat_warning, site_warning
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.statistics.delong import FEWEST


def stamps(comparison: Comparison) -> list[Stamp]:
    """Say what a reader must know before believing a number."""
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
        f"With {fewest} {grade} only, bootstrap intervals of differences are too "
        "narrow. The p values do not rest on them."
    )
    if fewest < FEWEST:
        text += f" AUROCs are not compared with fewer than {FEWEST}: DeLong's test is then anti-conservative."
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
