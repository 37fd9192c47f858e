"""What a comparison was computed from."""

from __future__ import annotations

from gliobench.adapters.html.comparison.words import endpoint_name, when_chosen
from gliobench.adapters.html.provenance import made_of, origin
from gliobench.domain.comparison.result import Comparison
from gliobench.domain.statistics.means import RESAMPLES


def provenance(comparison: Comparison) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "made_of": made_of(
            comparison.cohort.fingerprint,
            comparison.versions,
            Primary_endpoint=f"{endpoint_name(comparison.primary)} ({when_chosen(comparison)})",
            Seed=comparison.seed,
            Bootstrap_cohorts=f"{comparison.replicates:,} for differences of grading and for position "
            f"bias, {RESAMPLES:,} for each backend's own measures of grading",
        ),
        "backends": [
            (arm.name, origin(arm.fingerprint, arm.provenance, Backend=arm.backend))
            for arm in comparison.arms
        ],
    }
