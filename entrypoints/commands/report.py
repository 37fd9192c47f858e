"""`gliobench report`: the report of an evaluation once more, from what its runs keep."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.entrypoints.commands.evaluate import end_with_report
from gliobench.entrypoints.container import container
from gliobench.entrypoints.outputs import output_folder

app = typer.Typer(add_completion=False)


@app.command()
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
    where = out or runs[0]
    end_with_report(container.write_report().of_runs(runs, where), out=where, as_json=as_json)
