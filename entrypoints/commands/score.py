"""`gliobench score`: two folders of masks, every measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from gliobench.domain.files.whole import write_whole
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.container.mask_folders import MaskPlaces
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.options import ExcludeOption, file_option
from gliobench.entrypoints.outputs import local_folder, output_file
from gliobench.entrypoints.settings import changed
from gliobench.entrypoints.terminal import say
from gliobench.entrypoints.views.mask_scores import score_csv, score_table, score_values

app = typer.Typer(add_completion=False)


@app.command()
def score(
    references: Annotated[
        str,
        typer.Argument(
            help="Folder of the experts' masks, NIfTI named by study or DICOM segmentations, or one file."
        ),
    ],
    predictions: Annotated[
        str, typer.Argument(help="Folder of the masks to score, likewise, or one file.")
    ],
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="CONVENTION",
            help="Label convention of the masks; default: inferred if unambiguous.",
        ),
    ] = None,
    prediction_labels: Annotated[
        str | None,
        typer.Option(
            "--prediction-labels",
            metavar="CONVENTION",
            help="That of the masks to score, if it is another one.",
        ),
    ] = None,
    measures: Annotated[
        str | None,
        typer.Option(
            "--measures",
            metavar="SETS",
            help="Lesion-wise scores to compute: brats2023, brats2026; default: both.",
        ),
    ] = None,
    reference_pattern: Annotated[
        str | None,
        typer.Option(
            "--reference-pattern",
            metavar="PATH",
            help="Path of an expert's mask in its folder, e.g. {study_id}/{study_id}_seg.nii.gz.",
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="PATH",
            help="Path of a mask to score in its folder, e.g. {study_id}_out.nii.gz.",
        ),
    ] = None,
    resample: Annotated[
        bool, typer.Option("--resample", help="Take masks on other grids by the nearest voxel.")
    ] = False,
    exclude: ExcludeOption = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Number of studies scored side by side.")
    ] = None,
    out: Annotated[
        str | None,
        typer.Option("--out", callback=local_folder, help="Folder for scores.csv and scores.json."),
    ] = None,
    csv: Annotated[
        str | None,
        file_option("--csv", callback=output_file, help="Write a row a study to this file."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Score a folder of masks against the experts': every measure, no images, no backend.

    Prints means with 95 % CI by region; --csv and --out write every score of each study. A study without
    a mask is a failure: it scores worst and stays in the mean.

    Exit code 3: a study failed, or a reference could not be read.
    """
    if workers is not None:
        adopt(changed(container.settings(), {"workers": workers}))
    found = container.score_places(
        MaskPlaces(
            references=references,
            predictions=predictions,
            labels=labels,
            prediction_labels=prediction_labels,
            reference_pattern=reference_pattern,
            pattern=pattern,
            resample=resample,
            exclude=tuple(exclude or ()),
            measures=measures,
        )
    )
    values = json.dumps(score_values(found), indent=2, ensure_ascii=False)
    if out is not None:
        write_whole(Path(out) / "scores.json", f"{values}\n".encode())
    for path in ([Path(out) / "scores.csv"] if out else []) + ([Path(csv)] if csv else []):
        write_whole(path, score_csv(found).encode())
    if as_json:
        say(values)
    else:
        console = Console()
        console.print(score_table(found, width=console.width))
    if found.scored.n_failed or found.scored.unread:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)
