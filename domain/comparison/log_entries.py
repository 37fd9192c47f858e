"""The main numbers of a report, flat, for logs of experiments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.comparison.worded import worded
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One backend over one cohort.

    Args:
        name: The backend's; on phantoms stamped SIMULATED.
        metrics: Measures of all studies, a failure as the worst answer: `grade/auroc`, `mask/WT/dice`, with the
            limits of their 95 % intervals, `…/low` and `…/high`, and the counts `n_studies` and `n_failed`.
        facts: What they were computed from.
    """

    name: str
    metrics: Mapping[str, float]
    facts: Mapping[str, str]


def log_entries(report: Report) -> tuple[LogEntry, ...]:
    """Return an entry for each backend of a report, in order."""
    stamp = " [SIMULATED]" if report.cohort.n_simulated else ""
    entries = (
        LogEntry(f"{arm.name}{stamp}", dict(_metrics(arm)), _facts(report, arm))
        for arm in report.arms
    )
    return worded(tuple(entries), report.target)


def _metrics(arm: Arm) -> Iterator[tuple[str, float]]:
    yield "n_studies", float(arm.summary.n_studies)
    yield "n_failed", float(arm.summary.n_failed)
    if arm.grading is not None:
        yield from _values("grade", arm.grading.measures)
    for row in arm.summary.everyone.intention_to_treat.localisation:
        region = f"/{row.region.value}" if row.region else ""
        yield from _values(f"{row.form.value}{region}", row.measures)


def _values(where: str, measures: Mapping[Measure, Measured]) -> Iterator[tuple[str, float]]:
    for measure, found in measures.items():
        if isinstance(found, Estimate):
            name = f"{where}/{measure.exported_as}"
            yield name, found.value
            if isinstance(found.interval, Interval):
                yield f"{name}/low", found.interval.low
                yield f"{name}/high", found.interval.high


def _facts(report: Report, arm: Arm) -> dict[str, str]:
    return {
        "cohort": report.cohort.name,
        "cohort_fingerprint": report.cohort.fingerprint,
        "simulated_studies": str(report.cohort.n_simulated),
        "backend": arm.backend,
        "fingerprint": arm.fingerprint,
        "trained_on_patients": "unknown" if arm.n_trained_on is None else str(arm.n_trained_on),
        "oracle": str(arm.oracle).lower(),
        "missing_shards": str(len(report.missing_shards)),
        "seed": str(report.seed),
        **{f"provenance.{key}": value for key, value in arm.provenance.items()},
    }
