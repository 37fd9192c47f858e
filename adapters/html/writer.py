"""Puts a report where its run is: a local folder or any URL that fsspec knows."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.facts import render_json
from gliobench.adapters.html.files import put
from gliobench.adapters.html.page import render_html
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.domain.evaluation.report import EvaluationReport


@final
class HtmlReportWriter(ReportWriter):
    """Writes `report.html` and `report.json`.

    Args:
        url: The folder of both, made if need be.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def write(self, report: EvaluationReport) -> list[str]:
        """Write the page and the facts.

        Raises:
            JobError: The folder cannot be written.
        """
        files = {"report.html": render_html(report), "report.json": render_json(report)}
        return [put(self._url, name, text) for name, text in files.items()]
