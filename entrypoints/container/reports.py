"""Reports on runs."""

from __future__ import annotations

from collections.abc import Callable

from gliobench.adapters.html.writer import HtmlReportWriter
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.storage import Storage
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.entrypoints.settings import Settings
from gliobench.entrypoints.versions import versions


def report_writer(url: str, open_storage: Callable[[str], Storage]) -> ReportWriter:
    """Return what writes a report into a folder or under a URL."""
    return HtmlReportWriter(open_storage(url))


def comparing(
    *,
    settings: Settings,
    primary: str | None = None,
    replicates: int | None = None,
    allow_leakage: bool = False,
) -> ReportRuns:
    """Return what compares runs, as the settings have it or as is asked for.

    Args:
        settings: Of this process.
        primary: Endpoint that decides.
        replicates: Bootstrap cohorts to draw.
        allow_leakage: Compare though a backend has learned from these patients.
    """
    return ReportRuns(
        primary=Endpoint.parse(primary or settings.compare.primary),
        bootstrap=BootstrapOptions(
            replicates=replicates or settings.compare.replicates, seed=settings.seed
        ),
        versions=versions(),
        refuses_leakage=not allow_leakage,
        fewest=2,
    )
