"""What a reader must know before believing a number."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.adapters.html.comparison.as_report import as_report
from gliobench.adapters.html.comparison.words import grade_counts
from gliobench.adapters.html.numbers import listed, percent
from gliobench.adapters.html.sentences import FEW_STUDIES, Stamp, repeat_warning, site_warning
from gliobench.domain.comparison.audits import FindingKind
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.statistics.delong import FEWEST

TITLES: Mapping[FindingKind, str] = {
    FindingKind.LEAKAGE: "Leakage",
    FindingKind.PARTIAL_RUN: "Partial run",
    FindingKind.ORACLE_SLICES: "Oracle slices",
    FindingKind.STAND_IN: "Stand-in",
    FindingKind.HELD_OUT: "Held out",
    FindingKind.PRIORS: "Baselines know these patients",
    FindingKind.REPEATED_IMAGE: "Repeated images",
}


def stamps(comparison: Comparison) -> list[Stamp]:
    """Say what a reader must know before believing a number."""
    found = []
    for kind, title in TITLES.items():
        sentences = [one.sentence for one in comparison.findings if one.kind is kind]
        if sentences and kind is FindingKind.PRIORS:
            names = [one.backend for one in comparison.findings if one.kind is kind and one.backend]
            sentences = [
                f"{listed(names)} answer by averages that count patients of this cohort in: that "
                "makes baselines harder to beat, not easier."
            ]
        if sentences:
            found.append(Stamp(title, " ".join(sentences)))
    report = as_report(comparison)
    found += [*site_warning(report), *repeat_warning(report), *_few(comparison)]
    found += _failing(comparison)
    if found:
        return found
    text = "No backend has learned from these patients, and each has read every study."
    return [Stamp("No reservations on record", text, warns=False)]


def _few(comparison: Comparison) -> list[Stamp]:
    hgg, lgg = grade_counts(comparison)
    fewest, grade = min((hgg, "HGG"), (lgg, "LGG"))
    if not 0 < fewest < FEW_STUDIES:
        return []
    text = (
        f"Of {fewest} {grade} a bootstrap sees too little doubt: intervals of differences are too "
        "narrow. The p values do not rest on them."
    )
    if fewest < FEWEST:
        text += f" Two AUROCs are not tested with fewer than {FEWEST}: DeLong's test would find too much."
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
