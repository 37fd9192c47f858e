"""Writes a report."""

from __future__ import annotations

import re
from typing import final

from gliobench.adapters.html.blocks import figures_in
from gliobench.adapters.html.facts import SCHEMA_FILE, render_json, report_schema
from gliobench.adapters.html.page import render_report, sections
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.adapters.html.stamps import marks
from gliobench.adapters.html.templating import text
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
            **{f"tables/{name}.csv": table for name, table in spreadsheets(report).items()},
            **{f"figures/{name}": drawn for name, drawn in figure_files(report).items()},
        }
        return [self._storage.write(name, content.encode()) for name, content in files.items()]


def figure_files(report: Report) -> dict[str, str]:
    """Draw every figure of the page as a self-contained file.

    Returns:
        SVG by file name; names that coincide after removing special characters are numbered.
    """
    stamps, style = marks(report), text("colours.css") + text("figures.css")
    files: dict[str, str] = {}
    for blocks in sections(report).values():
        for figure in figures_in(blocks):
            drawn = report.target.in_markup(figure.file(style, stamps))
            files[_free_name(figure.name, files)] = drawn
    return files


def _free_name(name: str, taken: dict[str, str]) -> str:
    """Remove characters that file systems do not allow; a backend's name may contain a path."""
    plain = re.sub(r"[^\w.-]+", "-", name).strip("-.")
    names = [f"{plain}.svg", *(f"{plain}-{n}.svg" for n in range(2, len(taken) + 3))]
    return next(free for free in names if free not in taken)
