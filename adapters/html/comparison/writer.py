"""Writes a comparison."""

from __future__ import annotations

from typing import final

from gliobench.adapters.html.comparison.facts import comparison_json, comparison_schema
from gliobench.adapters.html.comparison.figures import figure_files
from gliobench.adapters.html.comparison.page import render_comparison
from gliobench.adapters.html.comparison.spreadsheets import spreadsheets
from gliobench.adapters.html.json_values import SCHEMA_FILE
from gliobench.application.ports.comparison_writer import ComparisonWriter
from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.result import Comparison


@final
class HtmlComparisonWriter(ComparisonWriter):
    """Writes `report.html`, `report.json` with its schema, `tables/*.csv` and `figures/*.svg`.

    Args:
        storage: Where to write.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def write(self, comparison: Comparison) -> list[str]:
        """Write the page, the JSON, the tables and the figures; other files are left alone.

        Raises:
            JobError: The storage cannot be written.
        """
        files = {
            "report.html": render_comparison(comparison),
            "report.json": comparison_json(comparison),
            SCHEMA_FILE: comparison_schema(),
            **{f"tables/{name}.csv": text for name, text in spreadsheets(comparison).items()},
            **{f"figures/{name}": text for name, text in figure_files(comparison).items()},
        }
        return [self._storage.write(name, text.encode()) for name, text in files.items()]
