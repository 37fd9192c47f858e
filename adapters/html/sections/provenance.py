"""What a report was computed from."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Facts, Prose, Title
from gliobench.adapters.html.lead import training_claims
from gliobench.adapters.html.sections.cohort import cohort
from gliobench.adapters.html.words import endpoint_name, when_chosen
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.statistics.means import RESAMPLES


def provenance(report: Report) -> Iterator[Block]:
    """Yield the section."""
    yield Prose(list(training_claims(report)), "claims")
    yield from cohort(report)
    shared = {
        "Cohort": report.cohort.fingerprint,
        "Primary endpoint": f"{endpoint_name(report.primary)} ({when_chosen(report)})",
        "Seed": report.seed,
        "Bootstrap cohorts": f"{report.replicates:,} for differences of grading and for position "
        f"bias, {RESAMPLES:,} for each backend's own measures of grading",
        **dict(sorted(report.versions.items())),
    }
    yield Closed("Settings and versions", [Facts(shared, coded=True)])
    yield Closed("Backends", [block for arm in report.arms for block in _origin(arm)])


def _origin(arm: Arm) -> Iterator[Block]:
    yield Title(arm.name)
    origin = {"Backend": arm.backend, "Fingerprint": arm.fingerprint}
    yield Facts(origin | dict(sorted(arm.provenance.items())), coded=True)
