"""Puts a comparison into a local folder or under any URL that fsspec knows."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.comparison.facts import SCHEMA_FILE, comparison_json, schema
from gliobench.adapters.html.comparison.page import render_comparison
from gliobench.adapters.html.comparison.spreadsheets import spreadsheets
from gliobench.adapters.html.files import put
from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.domain.comparison.result import Comparison


@final
class HtmlComparisonWriter(ComparisonWriter):
    """Writes `comparison.html`, `comparison.json` with its schema, and `tables/*.csv`.

    Args:
        url: The folder of all, made if need be.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def write(self, comparison: Comparison) -> list[str]:
        """Write the page, the facts and the tables.

        Raises:
            JobError: The folder cannot be written.
        """
        files = {
            "comparison.html": render_comparison(comparison),
            "comparison.json": comparison_json(comparison),
            SCHEMA_FILE: schema(),
        } | {f"tables/{name}.csv": text for name, text in spreadsheets(comparison).items()}
        return [put(self._url, name, text) for name, text in files.items()]
