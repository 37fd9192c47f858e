"""Reports on runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import ConvertOptions, read_csv

from gliobench.application.ports.storage import Storage
from gliobench.application.report.write_report import WrittenReport
from gliobench.domain.comparison.report import Report as ReportValues
from gliobench.domain.errors import NotFoundError
from gliobench.domain.messages import printable, shown
from gliobench.entrypoints.api.tables import Table
from gliobench.entrypoints.container import container

_NUMBERS = {
    **dict.fromkeys(("value", "low", "high", "detectable", "p", "p_holm"), pa.float64()),
    **dict.fromkeys(("n", "studies", "failed"), pa.int64()),
}
"""Columns of numbers; all others are texts, such as a backend called 01."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """A report on runs over one dataset.

    Args:
        values: All that it says.
        place: Where its page is.
        verdict: The sentence that the page opens with.
        warnings: What forbids or limits the use of its numbers, a sentence each.
        tables: What is written beside the page, by name: measures, differences, tests, ….
        runs: Folders or URLs of the runs, by backend.
    """

    values: ReportValues
    place: str
    verdict: str
    warnings: tuple[str, ...]
    tables: Mapping[str, Table]
    runs: Mapping[str, str]

    @property
    def measures(self) -> Table:
        """Each measure of each backend with its 95 % interval; every study counts."""
        table = self.tables["measures"].to_arrow()
        return Table(table.filter(pc.equal(table["counted"], "intention_to_treat")))

    def cases(self, backend: str) -> Table:
        """Return the scores of each study.

        Raises:
            NotFoundError: The backend is not in the report.
            JobError: The scores cannot be read.
        """
        if backend not in self.runs:
            raise NotFoundError(f"no run of {shown(backend)}: wanted one of {', '.join(self.runs)}")
        return Table(container.score_table(self.runs[backend]))

    def __repr__(self) -> str:
        lines = [self.verdict, *self.warnings, repr(self.measures), f"report: {self.place}"]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        words = "".join(f"<p>{escape(line)}</p>" for line in (self.verdict, *self.warnings))
        return f"{words}{self.measures._repr_html_()}<p>{escape(self.place)}</p>"


def read_report(written: WrittenReport, storage: Storage) -> Report:
    """Read what was written beside a report's page.

    Raises:
        JobError: It cannot be read.
    """
    facts = json.loads(storage.read("report.json"))
    stamps = [f"{stamp['title']}: {stamp['text']}" for stamp in facts["stamps"] if stamp["warns"]]
    return Report(
        values=written.report,
        place=written.place,
        verdict=printable(facts["verdict"]),
        warnings=tuple(map(printable, (*stamps, *written.left_out))),
        tables={
            name.removesuffix(".csv"): _table(storage.read(f"tables/{name}"))
            for name in storage.names("tables")
            if name.endswith(".csv")
        },
        runs=written.runs,
    )


def _table(content: bytes) -> Table:
    names = content.partition(b"\n")[0].decode().split(",")
    types = ConvertOptions(column_types={name: _NUMBERS.get(name, pa.string()) for name in names})
    return Table(read_csv(BytesIO(content), convert_options=types))
