"""Evaluations and comparisons of runs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from io import BytesIO
from typing import final

import pyarrow as pa
from pyarrow.csv import read_csv

from gliobench.application.ports.storage import Storage
from gliobench.domain.comparison.report import Report
from gliobench.domain.errors import NotFoundError
from gliobench.domain.messages import printable, shown
from gliobench.domain.metrics.measures import Measure
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured
from gliobench.entrypoints.api.tables import Table
from gliobench.entrypoints.container import container

_MEASURES = pa.schema(
    [
        *((name, pa.string()) for name in ("backend", "form", "region", "measure")),
        *((name, pa.float64()) for name in ("value", "low", "high")),
        ("n", pa.int64()),
        ("not_estimable", pa.string()),
    ]
)


@final
@dataclass(frozen=True, eq=False, repr=False)
class Evaluation:
    """Runs over a dataset, and their report.

    Args:
        report: The values of the report.
        place: Where the page of the report is.
        runs: Folders or URLs of the runs, by backend.
        left_out: Why other runs of the folder are not in the report.
    """

    report: Report
    place: str
    runs: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def measures(self) -> Table:
        """Each measure of each backend with its 95 % interval; every study counts."""
        return Table(pa.Table.from_pylist(list(self._measures()), schema=_MEASURES))

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
        lines = [f"{len(self.report.arms)} backends, {self.report.cohort.n_studies} studies"]
        return "\n".join([*lines, *self._notes(), repr(self.measures), f"report: {self.place}"])

    def _repr_html_(self) -> str:
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return f"{notes}{self.measures._repr_html_()}<p>{escape(self.place)}</p>"

    def _notes(self) -> list[str]:
        found = [f"{finding.kind.heading}: {finding.sentence}" for finding in self.report.findings]
        return [printable(note) for note in [*found, *self.left_out]]

    def _measures(self) -> Iterator[dict[str, object]]:
        for backend in self.report.arms:
            summary = backend.summary.everyone.intention_to_treat
            if summary.grading is not None:
                for measure, found in summary.grading.measures.items():
                    yield _row(backend.name, "grade", "", measure, found)
            for row in summary.localisation:
                region = row.region.value if row.region else ""
                for measure, found in row.measures.items():
                    yield _row(backend.name, row.form.value, region, measure, found)


@final
@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Runs compared in pairs.

    Args:
        result: The values of the comparison.
        place: Where its page is.
        verdict: The sentence that the page opens with.
        tables: The tables that are written beside it, by name: measures, differences, tests, ….
    """

    result: Report
    place: str
    verdict: str
    tables: Mapping[str, Table]

    def __repr__(self) -> str:
        return f"{printable(self.verdict)}\ncomparison: {self.place}"

    def _repr_html_(self) -> str:
        differences = self.tables["differences"]._repr_html_()
        return f"<p>{escape(self.verdict)}</p>{differences}<p>{escape(self.place)}</p>"


def read_comparison(result: Report, place: str, storage: Storage) -> Comparison:
    """Read what was written beside a comparison's page.

    Raises:
        JobError: It cannot be read.
    """
    tables = {
        name.removesuffix(".csv"): Table(read_csv(BytesIO(storage.read(f"tables/{name}"))))
        for name in storage.names("tables")
        if name.endswith(".csv")
    }
    verdict = json.loads(storage.read("report.json"))["verdict"]
    return Comparison(result, place, verdict, tables)


def _row(
    backend: str, form: str, region: str, measure: Measure, found: Measured
) -> dict[str, object]:
    row: dict[str, object] = {
        "backend": backend,
        "form": form,
        "region": region,
        "measure": measure.exported_as,
    }
    if not isinstance(found, Estimate):
        return row | {"not_estimable": found.reason}
    spread = found.interval
    ends = (
        {"low": spread.low, "high": spread.high}
        if isinstance(spread, Interval)
        else {"not_estimable": spread.reason}
    )
    return row | {"value": found.value, "n": found.n} | ends
