"""`gliobench predict`: predict one study with one backend."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.ports.study_painter import StudyPainter
from gliobench.application.ports.study_source import StudySource
from gliobench.application.predict.archived_findings import ArchivedFindings
from gliobench.application.predict.observations import grade_text
from gliobench.application.predict.study_reading import NoPlace, Place, StudyReading, drawn_answer
from gliobench.domain.errors import InvalidInputError, JobError, NotFoundError
from gliobench.domain.files.whole import write_whole
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.predictions.prediction import GradePrediction
from gliobench.domain.studies.study import Modality
from gliobench.domain.studies.study_ids import file_stem
from gliobench.entrypoints.completion import backend_names
from gliobench.entrypoints.container import container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.options import (
    BrainMaskOption,
    DicomOptions,
    JsonOption,
    PrepareOption,
    adopt_prepare,
    file_option,
    grouped,
)
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.progress import waiting
from gliobench.entrypoints.terminal import for_results_only, say
from gliobench.entrypoints.views.prediction import prediction_json, print_prediction

app = typer.Typer(add_completion=False)

FileOption = Annotated[Path | None, file_option(help="NIfTI file.")]


@app.command()
@grouped
def predict(
    study: Annotated[
        str | None,
        typer.Argument(
            metavar="[STUDY_DIR]", help="Folder or URL of one study; DICOM also as a zip."
        ),
    ] = None,
    *,
    study_id: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="Study of a folder of several.")
    ] = None,
    t1n: FileOption = None,
    t1c: FileOption = None,
    t2w: FileOption = None,
    t2f: FileOption = None,
    backend: Annotated[
        str,
        typer.Option(
            autocompletion=backend_names,
            help="Backend: see 'gliobench backends', or FILE.py:FACTORY.",
        ),
    ] = "cnn-onnx",
    out: Annotated[
        str | None,
        typer.Option(
            callback=local_folder,
            help="Folder for the files; default: gliobench-<study> in the working folder.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Predict even if images or answer are implausible, and mark the answer."
        ),
    ] = False,
    probabilities: Annotated[
        bool,
        typer.Option(
            "--probabilities", help="Also write the probability of each voxel, NIfTI by region."
        ),
    ] = False,
    dicom_seg: Annotated[
        bool,
        typer.Option(
            "--dicom-seg", help="Also write the mask as a DICOM segmentation of the study's images."
        ),
    ] = False,
    dicom_sr: Annotated[
        bool,
        typer.Option(
            "--dicom-sr",
            help="Also write volumes, diameters and grade as a DICOM structured report. Both name the "
            "patient, as the images do.",
        ),
    ] = False,
    dicom: DicomOptions,
    prepare: PrepareOption = False,
    brain_mask: BrainMaskOption = None,
    as_json: JsonOption = False,
    show_prompts: Annotated[
        bool, typer.Option("--show-prompts", help="Print the prompts, and stop.")
    ] = False,
) -> None:
    """Grade and localise the glioma of one study: a folder, or files by flag.

    Writes report.html, prediction.json, the mask (NIfTI, on the study's own grid) and an overlay picture.
    Files of an earlier prediction of the study are removed first.

    Exit code 3: the backend could not answer, the images show no skull-stripped brain, or the answer labels
    most of the brain as tumour. No file is then written unless --force is given.
    """
    given = {Modality.T1N: t1n, Modality.T1C: t1c, Modality.T2W: t2w, Modality.T2F: t2f}
    files = {modality: path for modality, path in given.items() if path}
    if (study is None) == (not files) or (files and study_id):
        raise typer.BadParameter(
            "give a folder, and --study where it has several, or files by --t1n, --t1c, --t2w and --t2f"
        )
    dicom.adopt()
    adopt_prepare(prepare, brain_mask)
    source = container.one_study(study, files, study_id)
    with waiting(f"loading {backend}"), for_results_only():
        prepared = container.prepare_study()(source, backend)
        container.report_prediction()  # its libraries are imported while images are read
    if show_prompts:
        say(prepared.prompts())
        return
    objects = ["segmentation"] * dicom_seg + ["structured_report"] * dicom_sr
    if objects:
        container.dicom_images(source, prepared.study.id)  # before anything is predicted
    folder = Path(out or f"gliobench-{file_stem(prepared.study.id)}")
    _remove_earlier(folder, prepared.study.id)
    with waiting(f"{backend} reads {prepared.study.id}"), for_results_only():
        reading = prepared.predict(force=force, probabilities=probabilities)
        written = write_prediction(reading, folder)
        if objects:
            _write_dicom(reading, source, _files(folder, reading.study.id), objects, written)
    if as_json:
        shown = prediction_json(reading, written, container.mask_convention())
        typer.echo(json.dumps(shown, indent=2))
    else:
        print_prediction(reading, written)
    if reading.failures:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _files(out: Path, study_id: str) -> dict[str, Path]:
    stem = file_stem(study_id)
    return {
        "prediction": out / "prediction.json",
        "mask": out / f"{stem}_mask.nii.gz",
        "overlay": out / f"{stem}_overlay.png",
        "report": out / "report.html",
        "segmentation": out / f"{stem}_seg.dcm",
        "structured_report": out / f"{stem}_sr.dcm",
        **{_map(region): out / f"{stem}_{_map(region)}.nii.gz" for region in NESTED},
    }


def _map(region: Region) -> str:
    """Name the file of a region's probabilities."""
    return f"probability_{region.value}"


def _remove_earlier(out: Path, study_id: str) -> None:
    """Remove files of an earlier prediction."""
    for path in _files(out, study_id).values():
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise JobError(f"cannot remove {path}: {error.strerror or error}") from error


def write_prediction(reading: StudyReading, out: Path) -> dict[str, str]:
    """Write the files of a prediction, picture and page last, because they may fail.

    Returns:
        Their paths, by what they are.

    Raises:
        JobError: A file cannot be written.
    """
    places = _files(out, reading.study.id)
    written = {"prediction": str(places["prediction"])}
    mask = reading.place.mask if isinstance(reading.place, Place | NoPlace) else None
    drawings = {"overlay": _picture, "report": container.report_prediction()}
    with ThreadPoolExecutor(len(drawings)) as pool:  # they are drawn while the mask is written
        drawn = pool.map(partial(_drawn, reading), drawings, drawings.values())
        if mask:
            written["mask"] = str(places["mask"])
            container.write_mask(places["mask"], mask, reading.study, container.mask_convention())
        for region, values in reading.probabilities.items():
            written[_map(region)] = str(places[_map(region)])
            container.write_map(places[_map(region)], values, reading.study)
        _write_json(reading, written)
        for name, content in zip(drawings, drawn, strict=True):
            if content is not None:
                write_whole(places[name], content)
                written[name] = str(places[name])
    if drawings.keys() & written:
        _write_json(reading, written)
    return written


def _write_dicom(
    reading: StudyReading,
    source: StudySource,
    places: dict[str, Path],
    objects: list[str],
    written: dict[str, str],
) -> None:
    """Write the objects that are wanted, or report that no tumour was found."""
    if not isinstance(reading.place, Place):
        say("no DICOM objects: no tumour was found", err=True)
        return
    chosen = {name: places[name] for name in objects}
    container.write_dicom(ArchivedFindings.of_reading(reading), source, **chosen)
    written |= {name: str(path) for name, path in chosen.items()}
    _write_json(reading, written)


def _drawn(
    reading: StudyReading, name: str, draw: Callable[[StudyReading], bytes | None]
) -> bytes | None:
    """Draw a file; None if there is nothing to draw, or (with a message) if it cannot be drawn."""
    try:
        return draw(reading)
    except (InvalidInputError, NotFoundError) as error:
        say(f"no {name}: {error}", err=True)
        return None


def _write_json(reading: StudyReading, written: dict[str, str]) -> None:
    shown = prediction_json(reading, written, container.mask_convention())
    content = json.dumps(shown, indent=2) + "\n"
    write_whole(Path(written["prediction"]), content.encode())


def _picture(reading: StudyReading) -> bytes | None:
    """Draw a prediction; None if it has no location."""
    if (drawn := drawn_answer(reading)) is None:
        return None
    painter: StudyPainter = container.painter()
    return painter.paint(
        reading.study,
        centre_vox=drawn.centre_vox,
        regions=drawn.regions,
        box=drawn.box,
        through_vox=drawn.through_vox,
        title=_title(reading),
    )


def _title(reading: StudyReading) -> str:
    choice = reading.study.plane_choice
    oracle = reading.backend.facts.oracle or (choice is not None and choice.counts_as_oracle)
    notes = [
        "IMPLAUSIBLE" * bool(reading.implausible),
        "SIMULATED" * reading.study.is_simulated,
        reading.backend.facts.stand_in,
        "oracle slice" * oracle,
        grade_text(reading.grade) if isinstance(reading.grade, GradePrediction) else "",
    ]
    return ", ".join(filter(None, [f"{reading.study.id}: {reading.backend.name}", *notes]))
