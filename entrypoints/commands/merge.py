"""`gliobench merge`: combine the shards of a cohort into one run and one report."""

from __future__ import annotations

from typing import Annotated

import typer

from gliobench.domain.errors import NotFoundError
from gliobench.entrypoints.commands.evaluate import end_with_report
from gliobench.entrypoints.container import container
from gliobench.entrypoints.options import PartialOption, ReportJsonOption

app = typer.Typer(add_completion=False)


@app.command()
def merge(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder or URL with the shards.")],
    allow_partial: PartialOption = False,
    as_json: ReportJsonOption = False,
) -> None:
    """Merge the shards of an evaluation, and write its report.

    The last shard to finish does this by itself; use this command for missing or lost results.
    """
    merge_shards = container.merge_shards(container.run_place(out))
    backends = merge_shards.backends()
    if not backends:
        url = container.storage(out).url
        raise NotFoundError(f"{url} holds no shards: evaluate with --shard first")
    merge_shards.of_backends(backends, allow_partial=allow_partial)
    end_with_report(container.write_report().of_evaluation(out, backends), out=out, as_json=as_json)
