"""Writes a report beside its run."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.facts import render_json, report_schema
from gliobench.adapters.html.json_values import SCHEMA_FILE
from gliobench.adapters.html.page import render_html
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.report import EvaluationReport


@final
class HtmlReportWriter(ReportWriter):
    """Writes `report.html`, and `report.json` with its schema.

    Args:
        storage: Where to write.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, report: EvaluationReport) -> list[str]:
        """Write the page and the JSON.

        Raises:
            JobError: The storage cannot be written.
        """
        files = {
            "report.html": render_html(report),
            "report.json": render_json(report),
            SCHEMA_FILE: report_schema(),
        }
        return [self._storage.write(name, text.encode()) for name, text in files.items()]
