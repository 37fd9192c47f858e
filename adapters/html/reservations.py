"""Warnings above all numbers, shared by both pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.numbers import listed
from gliobench.domain.comparison.report import CohortDescription, EvaluationReport
from gliobench.domain.evaluation.findings import Consequence, Finding, FindingKind

SIMULATED = "SIMULATED"
UNRANKED = "No backend is ranked on simulated studies"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A warning or an all-clear above all numbers."""

    title: str
    text: str
    warns: bool = True


NO_RESERVATIONS = Stamp(
    "No warnings",
    "Every backend states its training data and was trained on none of these patients; none was "
    "shown a slice selected with the reference; each read every study.",
    warns=False,
)


def finding_stamps(findings: Sequence[Finding]) -> list[Stamp]:
    """Merge all findings of a kind into one stamp, the most serious first."""
    return [
        Stamp(
            kind.heading,
            " ".join(finding.sentence for finding in findings if finding.kind is kind),
            warns=kind.consequence is not Consequence.NOTED,
        )
        for kind in dict.fromkeys(finding.kind for finding in findings)
    ]


def or_all_clear(found: list[Stamp]) -> list[Stamp]:
    """Prepend the all-clear where no stamp is a warning."""
    return found if any(stamp.warns for stamp in found) else [NO_RESERVATIONS, *found]


def marks(report: EvaluationReport) -> tuple[str, ...]:
    """Return the short marks of every figure and table."""
    oracles = [backend.name for backend in report.backends if backend.oracle]
    stated = all(found.kind is not FindingKind.UNSTATED_SLICES for found in report.findings)
    oracle = "oracle slices" if stated else "oracle slices (selection not stated)"
    if oracles and len(oracles) < len(report.backends):
        oracle += f": {listed(oracles)}"
    found = (simulated(report.cohort), oracle if oracles else "")
    return tuple(filter(None, found))


def simulated(cohort: CohortDescription) -> str:
    """Return the mark of a simulated cohort, with the share if only a part is; empty otherwise."""
    if cohort.n_simulated in (0, cohort.n_studies):
        return SIMULATED if cohort.n_simulated else ""
    return f"{cohort.n_simulated:,} of {cohort.n_studies:,} {SIMULATED}"


def unranked(cohort: CohortDescription) -> str:
    """Explain why no backend is ranked."""
    phantoms = f"{cohort.n_simulated:,} of {cohort.n_studies:,}"
    return f"{UNRANKED} ({phantoms} are phantoms): their scores show that the program runs."
