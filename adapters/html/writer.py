"""Puts a report where its run is: a local folder or any URL that fsspec knows."""

from __future__ import annotations

from typing import final

import fsspec

from gliobench.adapters.html.facts import render_json
from gliobench.adapters.html.page import render_html
from gliobench.application.ports.report_writer import ReportWriter
from gliobench.domain.errors import JobError
from gliobench.domain.report import EvaluationReport


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
        for name, text in files.items():
            self._put(name, text)
        return [f"{self._url}/{name}" for name in files]

    def _put(self, name: str, text: str) -> None:
        """Write under another name first, so that a reader never meets half a file."""
        try:
            files, folder = fsspec.url_to_fs(self._url)
            files.makedirs(folder, exist_ok=True)
            unfinished = f"{folder}/.{name}.partial"
            files.pipe_file(unfinished, text.encode())
            files.mv(unfinished, f"{folder}/{name}")
        except (OSError, ValueError, ImportError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise JobError(f"report {self._url}/{name} cannot be written: {reason}") from error
