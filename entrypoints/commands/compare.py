"""`gliobench compare`: pairwise comparison of runs, with significance tests."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.options import (
    RunsArgument,
    SubgroupOptions,
    grouped,
)
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.settings import MOST_REPLICATES
from gliobench.entrypoints.views.report import show_report

app = typer.Typer(add_completion=False)


@app.command()
@grouped
def compare(
    runs: RunsArgument,
    *,
    out: Annotated[
        str, typer.Option("--out", callback=output_folder, help="Folder or URL for the comparison.")
    ],
    primary: Annotated[
        str | None,
        typer.Option("--primary", help="Primary endpoint; default: the setting compare.primary."),
    ] = None,
    allow_leakage: Annotated[
        bool,
        typer.Option(
            "--allow-leakage", help="Compare even if a backend was trained on these patients."
        ),
    ] = False,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates", min=100, max=MOST_REPLICATES, help="Number of bootstrap resamples."
        ),
    ] = None,
    subgroups: SubgroupOptions,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare runs over the same studies in pairs, with significance tests and confidence intervals.

    Writes report.html, report.json with its schema, tables as CSV and figures as SVG. Runs no inference.

    Exit code 3: compared despite leakage, an unfinished run, or unreadable references.
    """
    adopt(subgroups.on(container.settings()))
    comparing = container.comparing(
        primary=primary, replicates=replicates, allow_leakage=allow_leakage
    )
    written = container.write_report(report_runs=comparing).of_runs(runs, out)
    show_report(written, out=out, as_json=as_json)
    if written.has_reservations:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)
