"""`gliobench import`: score predictions made elsewhere."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.evaluate.request import EvaluationRequest
from gliobench.entrypoints.commands.evaluate import evaluate_and_report
from gliobench.entrypoints.container import adopt, container
from gliobench.entrypoints.options import (
    DicomOptions,
    ExcludeOption,
    LimitOption,
    MeasuresOption,
    ReportJsonOption,
    TableOptions,
    WorkersOption,
    file_option,
    grouped,
)
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.settings import changed

app = typer.Typer(add_completion=False)


def _from_anywhere(place: str | None) -> str | None:
    """Name a file or folder so that a process in another folder finds it, too."""
    return place if place is None or "://" in place else str(Path(place).resolve())


_answers_file = partial(file_option, callback=_from_anywhere)


def _training_file(place: str | None) -> str | None:
    return place if place is None or place.lower() == "none" else _from_anywhere(place)


@dataclass(frozen=True, slots=True)
class FileOptions:
    """Files of predictions, and how they are read: as in a table of `kind = "files"`."""

    masks: Annotated[
        str | None,
        typer.Option(
            "--masks",
            metavar="DIR",
            callback=_from_anywhere,
            help="Folder of NIfTI masks named by study, or of DICOM segmentations of DICOM studies.",
        ),
    ] = None
    pattern: Annotated[
        str | None,
        typer.Option(
            "--pattern",
            metavar="PATH",
            help="Path of a mask within it, e.g. {study_id}_out.nii.gz.",
        ),
    ] = None
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="CONVENTION",
            help="Label convention of the masks; default: the dataset's, if that is unambiguous.",
        ),
    ] = None
    exclude: ExcludeOption = None
    resample: Annotated[
        bool,
        typer.Option(
            "--resample", help="Take masks on other grids by the nearest voxel; the report says so."
        ),
    ] = False
    grades: Annotated[
        str | None,
        _answers_file(
            "--grades", help="CSV, Parquet or JSON with the study and grade or probability_hgg."
        ),
    ] = None
    points: Annotated[
        str | None,
        _answers_file("--points", help="CSV, Parquet or JSON of centres in mm, voxels or pixels."),
    ] = None
    boxes: Annotated[
        str | None, _answers_file("--boxes", help="The same of boxes, or COCO JSON.")
    ] = None
    polygons: Annotated[
        str | None,
        _answers_file("--polygons", help="The same of polygons on a plane, or COCO JSON."),
    ] = None
    answers: Annotated[
        str | None,
        _answers_file("--answers", help="JSON lines of what a vision-language model answered."),
    ] = None
    trained_on: Annotated[
        str | None,
        file_option(
            "--trained-on",
            callback=_training_file,
            help="Studies or patients that the model learned from, one a line or a column; or none.",
        ),
    ] = None
    family: Annotated[
        str,
        typer.Option(
            "--family", help="Model of which this is one of several sets, e.g. folds or seeds."
        ),
    ] = ""


@app.command("import")
@grouped
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
    *,
    files: FileOptions,
    measures: MeasuresOption = None,
    workers: WorkersOption = None,
    limit: LimitOption = None,
    table: TableOptions,
    dicom: DicomOptions,
    as_json: ReportJsonOption = False,
) -> None:
    """Score predictions made elsewhere, from files, as the run of one more backend.

    A study without a prediction counts as a failure. The table backend.NAME of gliobench.toml with
    kind = "files" does the same in 'gliobench evaluate'.

    Exit codes: as of 'gliobench evaluate'.
    """
    dicom.adopt()
    given = {name: value for name, value in asdict(files).items() if value}
    settings = container.settings()
    options = {"workers": workers, "measures": measures}
    flags = {option: value for option, value in options.items() if value is not None}
    settings = changed(
        settings, {**flags, "backend": {**settings.backend, name: {"kind": "files", **given}}}
    )
    settings = table.on(settings)
    adopt(settings)
    container.check_metadata(dataset)
    request = EvaluationRequest(
        dataset=dataset, backends=(name,), out=out, name=container.cohort_name(dataset), limit=limit
    )
    evaluate_and_report(request, settings, as_json=as_json)
