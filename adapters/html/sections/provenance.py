"""What a report was computed from."""

from __future__ import annotations

from gliobench.adapters.html.blocks import Block, Closed, Facts, Part, Prose
from gliobench.adapters.html.lead import training_claims
from gliobench.adapters.html.sections.cohort import cohort
from gliobench.adapters.html.words import endpoint_name
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.statistics.means import RESAMPLES


def provenance(report: Report) -> list[Block]:
    """Return the section."""
    shared = {
        "Cohort": report.cohort.fingerprint,
        "Primary endpoint": f"{endpoint_name(report.primary)} ({report.primary_choice.value})",
        "Seed": report.seed,
        "Bootstrap cohorts": f"{report.replicates:,} for differences of grading and for position "
        f"bias, {RESAMPLES:,} for each backend's own measures of grading",
        **dict(sorted(report.versions.items())),
    }
    return [
        Prose(list(training_claims(report)), "claims"),
        cohort(report),
        Closed("Settings and versions", [Facts(shared, coded=True)]),
        Closed("Backends", list(map(_origin, report.arms))),
    ]


def _origin(arm: Arm) -> Block:
    origin = {"Backend": arm.backend, "Fingerprint": arm.fingerprint}
    return Part(arm.name, [Facts(origin | dict(sorted(arm.provenance.items())), coded=True)])
