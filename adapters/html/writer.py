"""Writes a report."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.facts import render_json, report_schema
from gliobench.adapters.html.figures.files import figure_files
from gliobench.adapters.html.json_values import SCHEMA_FILE
from gliobench.adapters.html.page import render_report
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.report import Report


@final
class HtmlReportWriter(ReportWriter):
    """Writes `report.html`, `report.json` with its schema, `tables/*.csv` and `figures/*.svg`.

    Args:
        storage: Where to write.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, report: Report) -> list[str]:
        """Write the page, the JSON, the tables and the figures; other files are left alone.

        Raises:
            JobError: The storage cannot be written.
        """
        files = {
            "report.html": render_report(report),
            "report.json": render_json(report),
            SCHEMA_FILE: report_schema(report.target),
            **{f"tables/{name}.csv": text for name, text in spreadsheets(report).items()},
            **{f"figures/{name}": text for name, text in figure_files(report).items()},
        }
        return [self._storage.write(name, text.encode()) for name, text in files.items()]
