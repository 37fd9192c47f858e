"""`gliobench merge`: one run and one report of the shards of a cohort."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.domain.errors import NotFoundError
from gliobench.entrypoints.commands.evaluate import end_with_report
from gliobench.entrypoints.container import container

app = typer.Typer(add_completion=False)


@app.command()
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
    merge_shards = container.merge_shards(container.run_place(out))
    backends = merge_shards.backends()
    if not backends:
        url = container.storage(out).url
        raise NotFoundError(f"{url} holds no shards: evaluate with --shard first")
    merge_shards.of_backends(backends, allow_partial=allow_partial)
    end_with_report(container.write_report().of_evaluation(out, backends), out=out, as_json=as_json)
