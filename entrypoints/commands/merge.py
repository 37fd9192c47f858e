"""`gliobench merge`: one run and one report of the shards of a cohort."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.entrypoints.terminal import say


def merge(
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="Folder or URL that the shards were written to.")
    ],
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial", help="Merge though shards are missing; the report is stamped."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Merge the shards of an evaluation, and write its report.

    The shard that ends last does so by itself; this is for what is missing, or was lost since.
    """
    from gliobench.entrypoints import evaluation
    from gliobench.entrypoints.commands.evaluate import code_of, print_report

    backends = evaluation.sharded_backends(out)
    runs = evaluation.run_names(out, backends)
    evaluation.merge(out, runs, allow_partial=allow_partial)
    made, place, left_out = evaluation.report(out, backends)
    for sentence in left_out:
        say(sentence, err=True)
    print_report(made, place, out=out, as_json=as_json)
    raise typer.Exit(code_of(made))
