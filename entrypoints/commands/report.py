"""`gliobench report`: rewrite the report of an evaluation from its runs."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.application.ports.report_log import ReportLog
from gliobench.domain.comparison.log_entries import log_entries
from gliobench.entrypoints.commands.evaluate import end_with_report
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.options import (
    ReportJsonOption,
    RunsArgument,
    SubgroupOptions,
    grouped,
)
from gliobench.entrypoints.outputs import output_folder

app = typer.Typer(add_completion=False)


@app.command()
@grouped
def report(
    runs: RunsArgument,
    *,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            callback=output_folder,
            help="Folder or URL for the report; default: the first RUN.",
        ),
    ] = None,
    to: Annotated[
        list[str] | None,
        typer.Option(
            "--to",
            metavar="LOG",
            help="Also log the numbers: json:FILE, or mlflow:URI of a tracking server. May be repeated.",
        ),
    ] = None,
    subgroups: SubgroupOptions,
    as_json: ReportJsonOption = False,
) -> None:
    """Rewrite the report of an evaluation from its runs, without opening a study.

    Exit code 3: some studies failed, or shards are missing.
    """
    adopt(subgroups.on(container.settings()))
    logs: list[ReportLog] = [container.report_log(target) for target in to or []]
    where = out or runs[0]
    written = container.write_report().of_runs(runs, where)
    for log in logs:
        log.log(log_entries(written.report))
    end_with_report(written, out=where, as_json=as_json)
