"""`gliobench report`: the report of an evaluation once more, from what its runs keep."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.entrypoints.outputs import output_folder


def report(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Folder or URL of a run, or of several as 'evaluate' leaves them.",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            callback=output_folder,
            help="Folder or URL of the report; default: the first RUN.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Write the report of an evaluation once more, from the runs alone: no study is opened.

    Exit code 3 tells that some studies could not be predicted, or that shards are missing.
    """
    from gliobench.application.report.report_runs import report_runs
    from gliobench.entrypoints.commands.evaluate import code_of, print_report
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.run_places import open_runs

    made, where = report_runs(*open_runs(runs)), out or runs[0]
    place = container.report_writer(where).write(made)[0]
    print_report(made, place, out=where, as_json=as_json)
    raise typer.Exit(code_of(made))
