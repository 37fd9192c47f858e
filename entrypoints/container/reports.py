"""Pages for readers, and comparisons of runs."""

from __future__ import annotations

from collections.abc import Callable

from gliobench.adapters.html import HtmlReportWriter
from gliobench.adapters.html.comparison import HtmlComparisonWriter
from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.storage import Storage
from gliobench.application.report.compare_runs import CompareRuns, WriteComparison
from gliobench.application.report.open_runs import OpenRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.entrypoints.settings import Settings
from gliobench.entrypoints.versions import versions


def report_writer(url: str, open_storage: Callable[[str], Storage]) -> ReportWriter:
    """Return what writes a report into a folder or under a URL."""
    return HtmlReportWriter(open_storage(url))


def comparison_writer(url: str, open_storage: Callable[[str], Storage]) -> ComparisonWriter:
    """Return what writes a comparison into a folder or under a URL."""
    return HtmlComparisonWriter(open_storage(url))


def compare(
    *,
    settings: Settings,
    open_runs: OpenRuns,
    open_writer: Callable[[str], ComparisonWriter],
    primary: str | None = None,
    replicates: int | None = None,
    allow_leakage: bool = False,
) -> WriteComparison:
    """Return the use case, as the settings have it or as is asked for.

    Args:
        settings: Of this process.
        open_runs: Finds and opens the runs.
        open_writer: Opens what writes the comparison.
        primary: Endpoint that decides.
        replicates: Bootstrap cohorts to draw.
        allow_leakage: Compare though a backend has learned from these patients.
    """
    compare_runs = CompareRuns(
        primary=Endpoint.parse(primary or settings.compare.primary),
        allow_leakage=allow_leakage,
        bootstrap=BootstrapOptions(
            replicates=replicates or settings.compare.replicates, seed=settings.seed
        ),
        versions=versions(),
    )
    return WriteComparison(compare_runs, open_runs=open_runs, open_writer=open_writer)
