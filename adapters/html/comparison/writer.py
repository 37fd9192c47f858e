"""Puts a comparison into a place."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.comparison.facts import SCHEMA_FILE, comparison_json, schema
from gliobench.adapters.html.comparison.page import render_comparison
from gliobench.adapters.html.comparison.spreadsheets import spreadsheets
from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.result import Comparison


@final
class HtmlComparisonWriter(ComparisonWriter):
    """Writes `comparison.html`, `comparison.json` with its schema, and `tables/*.csv`.

    Args:
        storage: Where.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, comparison: Comparison) -> list[str]:
        """Write the page, the facts and the tables.

        Raises:
            JobError: The place cannot be written.
        """
        files = {
            "comparison.html": render_comparison(comparison),
            "comparison.json": comparison_json(comparison),
            SCHEMA_FILE: schema(),
        } | {f"tables/{name}.csv": text for name, text in spreadsheets(comparison).items()}
        return [self._storage.write(name, text.encode()) for name, text in files.items()]
