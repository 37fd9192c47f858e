"""`gliobench evaluate`: backends over a cohort, held against references."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gliobench.entrypoints.exit_codes import ExitCode
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.terminal import plain, say

if TYPE_CHECKING:
    from gliobench.domain.comparison.report import EvaluationReport
    from gliobench.entrypoints.recipe import EvaluationRecipe

INDEX = "JOB_COMPLETION_INDEX"
"""Set by Kubernetes in the pods of an Indexed Job."""


def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            help="Folder or URL of studies in BraTS layout or of slices, or phantom:COUNT."
        ),
    ],
    backend: Annotated[
        list[str], typer.Option("--backend", help="Backend to run; may be repeated.")
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            callback=output_folder,
            help="Folder or URL of the run; an interrupted run goes on.",
        ),
    ],
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Take part I of N only, counted from 0."),
    ] = None,
    executor: Annotated[
        str | None, typer.Option("--executor", help="Who works: in-process or ray.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that work side by side.")
    ] = None,
    study_timeout: Annotated[
        float | None,
        typer.Option("--study-timeout", metavar="SECONDS", help="Fail a study that takes longer."),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls",
            help="Run again over altered images: blank, another's, mirrored, shifted, less by one.",
        ),
    ] = False,
    allow_partial: Annotated[
        bool,
        typer.Option(
            "--allow-partial", help="Merge shards though some are missing; it is stamped."
        ),
    ] = False,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Studies predicted at once.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Take only the first studies.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Run backends over a cohort and report how well each grades and localises.

    The report is on every backend of the same cohort that the folder holds. Of several shards, the
    one that ends last writes it.

    Exit codes: 3 some studies failed and are counted so, show no brain without its skull or have
    references that cannot be read, 75 a store could not be reached, 143 told
    to stop by SIGTERM; after both of these the same command goes on.
    """
    from gliobench.entrypoints.evaluation import (
        evaluate_studies,
        merge,
        parts,
        report,
        run_names,
    )

    if len(set(backend)) < len(backend):
        raise typer.BadParameter("each backend can be given once", param_hint="--backend")
    flags = {
        "executor": executor,
        "workers": workers,
        "study_timeout_s": study_timeout,
        "batch_size": batch_size,
    }
    recipe = _recipe(dataset, backend, out, limit, shard, flags)
    runs = evaluate_studies(recipe, controls=controls)
    if recipe.shard is not None:
        names = run_names(out, backend)
        missing = sorted({one for part in parts(out, names) for one in part.missing})
        if missing and not allow_partial:
            _print_shard(recipe.shard.name, [one.name for one in missing], as_json=as_json)
            failed = any(
                case.failures or case.image_fault or case.reference_fault
                for run in runs
                for case in run.store.scores()
            )
            raise typer.Exit(ExitCode.WITH_RESERVATIONS if failed else ExitCode.DONE)
        merge(out, names, allow_partial=allow_partial)
    made, place, left_out = report(out, backend)
    for sentence in left_out:
        say(sentence, err=True)
    print_report(made, place, out=out, as_json=as_json)
    raise typer.Exit(code_of(made))


def code_of(report: EvaluationReport) -> ExitCode:
    """Tell how a command ends that has written a report."""
    failed = any(one.summary.n_failed for one in report.backends)
    cohort = report.cohort
    faulty = failed or report.missing_shards or cohort.image_faults or cohort.reference_faults
    return ExitCode.WITH_RESERVATIONS if faulty else ExitCode.DONE


def print_report(report: EvaluationReport, place: str, *, out: str, as_json: bool) -> None:
    """Print the main numbers, or the whole report as JSON."""
    from gliobench.entrypoints.container import container

    if as_json:
        typer.echo(container.storage(out).read("report.json").decode(), nl=False)
        return
    from rich.console import Console

    from gliobench.entrypoints.summary_table import summary_table

    console = Console()
    console.print(summary_table(report))
    console.print(f"Report: {plain(place)}", soft_wrap=True, highlight=False)


def _recipe(
    dataset: str,
    backends: list[str],
    out: str,
    limit: int | None,
    shard: str | None,
    flags: dict[str, Any],
) -> EvaluationRecipe:
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.evaluation import shard_of_job
    from gliobench.entrypoints.inputs import cohort_name
    from gliobench.entrypoints.recipe import EvaluationRecipe, fair_share
    from gliobench.entrypoints.settings import changed

    wanted = changed(
        container.settings(), {name: one for name, one in flags.items() if one is not None}
    )
    return EvaluationRecipe(
        settings=fair_share(wanted),
        dataset=dataset,
        backends=tuple(backends),
        out=out,
        name=cohort_name(dataset),
        limit=limit,
        shard=shard_of_job(shard, wanted.shards, os.environ.get(INDEX)),
    )


def _print_shard(name: str, missing: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"shard": name, "missing_shards": missing}))
        return
    told = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
    say(f"Shard {name} is done. The report is written when these are: {told}")
