"""What stands above all numbers, in the words that both pages share."""

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
    """A warning, or an all-clear, that stands above all numbers."""

    title: str
    text: str
    warns: bool = True


NO_RESERVATIONS = Stamp(
    "No reservations on record",
    "Every backend states its training data and has learned from none of these patients; none was "
    "shown a slice chosen with the reference; each has read every study.",
    warns=False,
)


def finding_stamps(findings: Sequence[Finding]) -> list[Stamp]:
    """Make a stamp of all findings of a kind, the gravest first."""
    return [
        Stamp(
            kind.heading,
            " ".join(one.sentence for one in findings if one.kind is kind),
            warns=kind.consequence is not Consequence.NOTED,
        )
        for kind in dict.fromkeys(one.kind for one in findings)
    ]


def or_all_clear(found: list[Stamp]) -> list[Stamp]:
    """Say that there is no reservation where there is none, whatever else is to be known."""
    return found if any(one.warns for one in found) else [NO_RESERVATIONS, *found]


def marks(report: EvaluationReport) -> tuple[str, ...]:
    """Give the stamps that go with every figure and table, in a word or two each."""
    oracles = [backend.name for backend in report.backends if backend.oracle]
    stated = all(one.kind is not FindingKind.UNSTATED_SLICES for one in report.findings)
    oracle = "oracle slices" if stated else "oracle slices (selection not stated)"
    if oracles and len(oracles) < len(report.backends):
        oracle += f": {listed(oracles)}"
    found = (simulated(report.cohort), oracle if oracles else "")
    return tuple(filter(None, found))


def simulated(cohort: CohortDescription) -> str:
    """Say in a word whether a cohort is simulated, and how much of it if not all; else nothing."""
    if cohort.n_simulated in (0, cohort.n_studies):
        return SIMULATED if cohort.n_simulated else ""
    return f"{cohort.n_simulated:,} of {cohort.n_studies:,} {SIMULATED}"


def unranked(cohort: CohortDescription) -> str:
    """Say in a sentence why no backend is ranked."""
    phantoms = f"{cohort.n_simulated:,} of {cohort.n_studies:,}"
    return f"{UNRANKED} ({phantoms} are phantoms): their scores show that the program runs."
