"""`gliobench import`: score predictions made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.entrypoints.commands.evaluate import evaluate_and_report
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.settings import changed

app = typer.Typer(add_completion=False)


def _from_anywhere(place: str | None) -> str | None:
    """Name a file or folder so that a process in another folder finds it, too."""
    return place if place is None or "://" in place else str(Path(place).resolve())


@app.command("import")
def import_predictions(
    dataset: Annotated[
        str, typer.Argument(help="Folder or URL of the studies that the predictions are of.")
    ],
    name: Annotated[
        str, typer.Option("--name", help="What to call the tool that made the predictions.")
    ],
    out: Annotated[
        str,
        typer.Option(
            "--out",
            callback=output_folder,
            help="Folder or URL of the run; an interrupted import resumes.",
        ),
    ],
    masks: Annotated[
        str | None,
        typer.Option(
            "--masks",
            metavar="DIR",
            callback=_from_anywhere,
            help="Folder of NIfTI masks named by study.",
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="PATH",
            help="Path of a mask within it, e.g. {study_id}_out.nii.gz.",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="CONVENTION",
            help="Label convention of the masks; default: the dataset's, if that is unambiguous.",
        ),
    ] = None,
    resample: Annotated[
        bool,
        typer.Option(
            "--resample", help="Take masks on other grids by the nearest voxel; the report says so."
        ),
    ] = False,
    family: Annotated[
        str,
        typer.Option(
            "--family", help="Model of which this is one of several sets, e.g. folds or seeds."
        ),
    ] = "",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Number of parallel processes.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option("--limit", min=1, help="Process only the first studies.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Score predictions made elsewhere, from files, as the run of one more backend.

    A study without a prediction counts as a failure. The table [backend.NAME] of gliobench.toml with
    kind = "files" does the same in 'gliobench evaluate'.

    Exit codes: as of 'gliobench evaluate'.
    """
    given = {
        "masks": masks,
        "pattern": pattern,
        "labels": labels,
        "resample": resample,
        "family": family,
    }
    table = {"kind": "files", **{key: value for key, value in given.items() if value}}
    settings = container.settings()
    flags = {} if workers is None else {"workers": workers}
    settings = changed(settings, {**flags, "backend": {**settings.backend, name: table}})
    adopt(settings)
    request = EvaluationRequest(
        dataset=dataset,
        backends=(name,),
        out=out,
        name=container.cohort_name(dataset),
        limit=limit,
    )
    evaluate_and_report(request, settings, as_json=as_json)
