"""`gliobench evaluate`: run backends over a cohort and score them against the references."""

from __future__ import annotations

import json
import os
from typing import Annotated, NoReturn

import typer

from gliobench.application.evaluate.evaluation import Evaluated
from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.application.evaluate.shards import Shard
from gliobench.application.ports.backend import name_of
from gliobench.application.report.write_report import WrittenReport
from gliobench.domain.errors import InvalidInputError
from gliobench.entrypoints.completion import backend_names
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.monitoring import watching
from gliobench.entrypoints.options import (
    DicomOptions,
    LimitOption,
    MeasuresOption,
    PartialOption,
    PrepareOption,
    ReportJsonOption,
    TableOptions,
    WorkersOption,
    adopt_prepare,
    grouped,
)
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.plugins import with_whole_path
from gliobench.entrypoints.settings import Settings, changed
from gliobench.entrypoints.terminal import for_results_only, say
from gliobench.entrypoints.views.report import show_report

app = typer.Typer(add_completion=False)

INDEX = "JOB_COMPLETION_INDEX"
"""Set by Kubernetes in the pods of an Indexed Job."""


@app.command()
@grouped
def evaluate(
    dataset: Annotated[
        str,
        typer.Argument(
            help="Folder or URL of studies (BraTS, BIDS, nnU-Net, DICOM) or of slices, or phantom:COUNT."
        ),
    ],
    backend: Annotated[
        list[str],
        typer.Option(
            "--backend",
            autocompletion=backend_names,
            help="Backend to run, or FILE.py:FACTORY; may be repeated.",
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            callback=output_folder,
            help="Folder or URL of the run; an interrupted run resumes.",
        ),
    ],
    *,
    shard: Annotated[
        str | None,
        typer.Option("--shard", metavar="I/N", help="Process part I of N only, counted from 0."),
    ] = None,
    executor: Annotated[
        str | None,
        typer.Option("--executor", help="Where studies are processed: in-process or ray."),
    ] = None,
    workers: WorkersOption = None,
    study_timeout: Annotated[
        float | None,
        typer.Option(
            "--study-timeout",
            metavar="SECONDS",
            help="Count a study that takes longer as a failure.",
        ),
    ] = None,
    controls: Annotated[
        bool,
        typer.Option(
            "--controls",
            help="Also run on altered images: blank, another patient's, mirrored, shifted, without one modality.",
        ),
    ] = False,
    allow_partial: PartialOption = False,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Number of studies predicted at once.")
    ] = None,
    limit: LimitOption = None,
    measures: MeasuresOption = None,
    table: TableOptions,
    dicom: DicomOptions,
    prepare: PrepareOption = False,
    as_json: ReportJsonOption = False,
) -> None:
    """Run backends over a cohort and report how well each grades and localises.

    The report covers all backends of the same cohort in the folder. With several shards, the last one to
    finish writes it.

    Exit codes: 3 with failed studies, images without a skull-stripped brain, or unreadable references;
    75 if a store could not be reached; 143 after SIGTERM. After 75 and 143 the same command resumes.
    """
    if len(set(map(name_of, backend))) < len(backend):
        raise typer.BadParameter("each backend can be given once", param_hint="--backend")
    part = _wanted_shard(shard, container.settings().shards, os.environ.get(INDEX))
    flags = {
        "shards": part.of if part else None,
        "executor": executor,
        "workers": workers,
        "study_timeout_s": study_timeout,
        "batch_size": batch_size,
        "measures": measures,
    }
    dicom.adopt()
    adopt_prepare(prepare)
    given = {name: value for name, value in flags.items() if value is not None}
    settings = table.on(changed(container.settings(), given))
    adopt(settings)
    container.check_metadata(dataset)
    request = EvaluationRequest(
        dataset=dataset,
        backends=tuple(map(with_whole_path, backend)),
        out=out,
        name=container.cohort_name(dataset),
        limit=limit,
        shard=part,
    )
    evaluate_and_report(
        request, settings, controls=controls, allow_partial=allow_partial, as_json=as_json
    )


def evaluate_and_report(
    request: EvaluationRequest,
    settings: Settings,
    *,
    controls: bool = False,
    allow_partial: bool = False,
    as_json: bool,
) -> NoReturn:
    """Evaluate, print the main numbers or what is still missing, and exit with the exit code.

    Raises:
        Exit: Always.
        GliobenchError: As `Evaluate`.
    """
    with (
        watching(
            metrics_file=settings.metrics_file,
            batch_size=settings.batch_size,
            backends=request.names,
        ) as watch,
        for_results_only(),
    ):
        done = container.evaluate(watch=watch)(
            request, controls=controls, allow_partial=allow_partial
        )
    if done.missing:
        _end_with_shard(request, done, as_json=as_json)
    end_with_report(
        container.write_report().of_evaluation(request.out, request.names),
        out=request.out,
        as_json=as_json,
    )


def end_with_report(written: WrittenReport, *, out: str, as_json: bool) -> NoReturn:
    """Print the main numbers, or the whole report as JSON, and exit with the exit code.

    Raises:
        Exit: Always.
    """
    show_report(written, out=out, as_json=as_json)
    raise typer.Exit(ExitCode.WITH_RESERVATIONS if written.has_failures else ExitCode.DONE)


def _end_with_shard(request: EvaluationRequest, done: Evaluated, *, as_json: bool) -> NoReturn:
    name, missing = (
        request.shard.name if request.shard else "",
        [item.name for item in done.missing],
    )
    if as_json:
        typer.echo(json.dumps({"shard": name, "missing_shards": missing}))
    else:
        more = f" and {len(missing) - 5} more" if len(missing) > 5 else ""
        names = ", ".join(missing[:5]) + more
        say(f"Shard {name} is done. The report is written after these: {names}")
    raise typer.Exit(ExitCode.WITH_RESERVATIONS if done.has_faults else ExitCode.DONE)


def _wanted_shard(given: str | None, shards: int | None, index: str | None) -> Shard | None:
    """Return the selected part of a cohort; None for all of it.

    Args:
        given: `I/N`, as on the command line; takes precedence.
        shards: The setting.
        index: JOB_COMPLETION_INDEX, set by Kubernetes in a pod of an Indexed Job.

    Raises:
        InvalidInputError: There is no such shard, or its index is unknown.
    """
    if given is not None:
        shard = Shard.parse(given)
        if shards not in (None, shard.of):
            raise InvalidInputError(f"--shard {given}, but the setting shards is {shards}")
        return shard
    if shards is None:
        return None
    if index is None:
        raise InvalidInputError(
            f"shards = {shards}, but which of them? Wanted --shard I/{shards} or "
            "JOB_COMPLETION_INDEX"
        )
    return Shard.parse(f"{index}/{shards}")
