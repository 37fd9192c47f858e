"""`gliobench export-predictions`: write what a run predicted into files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.report.export_predictions import Exported, Layout
from gliobench.entrypoints.container import container
from gliobench.entrypoints.options import JsonOption
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.terminal import say

app = typer.Typer(add_completion=False)


@app.command("export-predictions")
def export_predictions(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Folder or URL of one run.")],
    layout: Annotated[
        Layout,
        typer.Option(
            "--layout",
            help="brats: masks; nnunet: masks with nnU-Net's labels; bids: masks as a BIDS derivative; dicom: segmentations and reports of DICOM studies; csv: grades and places.",
        ),
    ],
    out: Annotated[str, typer.Option("--out", callback=local_folder, help="Folder for the files.")],
    dataset: Annotated[
        str | None,
        typer.Option(
            "--dataset",
            help="Studies in whose files' orientation masks are written; default: RAS+. Layout dicom needs it.",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="CONVENTION",
            help="Label convention of the masks; default: the run's.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the predictions of a run into files: masks, or tables that 'import' reads.

    Failures are written with their reasons. 'gliobench import' of the files gives the same scores.
    """
    done = container.export_predictions()(run, Path(out), layout, dataset=dataset, labels=labels)
    if as_json:
        typer.echo(json.dumps(_values(done), indent=2))
        return
    options = [f"{option} {value}" for option, value in done.options.items()]
    if options:
        say(" ".join(["Read by: gliobench import DATASET --name NAME", *options, *_labels(done)]))
    if done.left_out:
        say(f"Not in this layout: {', '.join(done.left_out)}")


def _labels(done: Exported) -> list[str]:
    return [] if done.labels is None else [f"--labels {done.labels.name}"]


def _values(done: Exported) -> dict[str, object]:
    return {
        "files": {option.removeprefix("--"): value for option, value in done.options.items()},
        "labels": done.labels.name if done.labels else None,
        "left_out": list(done.left_out),
    }
