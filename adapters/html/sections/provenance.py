"""What a report was computed from."""

from __future__ import annotations

from gliobench.adapters.html.words import endpoint_name, when_chosen
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.means import RESAMPLES


def provenance(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "made_of": {
            "Cohort": report.cohort.fingerprint,
            "Primary endpoint": f"{endpoint_name(report.primary)} ({when_chosen(report)})",
            "Seed": report.seed,
            "Bootstrap cohorts": f"{report.replicates:,} for differences of grading and for position "
            f"bias, {RESAMPLES:,} for each backend's own measures of grading",
            **dict(sorted(report.versions.items())),
        },
        "backends": [
            (
                arm.name,
                {
                    "Backend": arm.backend,
                    "Fingerprint": arm.fingerprint,
                    **dict(sorted(arm.provenance.items())),
                },
            )
            for arm in report.arms
        ],
    }
