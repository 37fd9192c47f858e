"""`gliobench predict`: one study, one backend."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gliobench.domain.errors import InvalidInputError, JobError, NotFoundError
from gliobench.entrypoints.exit_codes import ExitCode
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.terminal import plain, say

if TYPE_CHECKING:
    from gliobench.application.ports.backend import Backend
    from gliobench.application.ports.study_source import StudySource
    from gliobench.application.predict.predict_study import StudyReading
    from gliobench.domain.studies.study import Modality, Study

FileOption = Annotated[Path | None, typer.Option(metavar="FILE", help="NIfTI file.")]


def predict(
    study: Annotated[
        str | None, typer.Argument(metavar="[STUDY_DIR]", help="Folder or URL of one study.")
    ] = None,
    t1n: FileOption = None,
    t1c: FileOption = None,
    t2w: FileOption = None,
    t2f: FileOption = None,
    backend: Annotated[str, typer.Option(help="Who reads; see 'gliobench backends'.")] = "cnn-onnx",
    out: Annotated[
        str | None,
        typer.Option(
            callback=local_folder,
            help="Folder for mask and overlay; default: gliobench-<study> here.",
        ),
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Answer though images or answer are implausible, and stamp the answer."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    show_prompts: Annotated[
        bool, typer.Option("--show-prompts", help="Print what would be sent, and stop.")
    ] = False,
) -> None:
    """Grade and localise the glioma of one study: a folder, or four files by flag.

    Writes the mask (NIfTI, on the study's own grid), an overlay picture and prediction.json; those
    of an earlier prediction of the study are removed first.

    Exits with 3 where the backend could not answer, or where the images show no brain without its
    skull or the answer takes most of it for tumour: then nothing is written, unless by --force.
    """
    from rich.console import Console

    from gliobench.application.datasets.dataset_labels import settle_labels
    from gliobench.application.predict.check_reads import check_reads
    from gliobench.application.predict.oracle_plane import oracle_plane
    from gliobench.application.predict.predict_study import predict_study
    from gliobench.domain.studies.study import Modality
    from gliobench.domain.studies.study_ids import file_stem
    from gliobench.entrypoints.inputs import load_backend, mask_convention
    from gliobench.entrypoints.prediction_view import prediction_json, print_prediction

    files = {Modality.T1N: t1n, Modality.T1C: t1c, Modality.T2W: t2w, Modality.T2F: t2f}
    source, study_id = _open(study, {name: path for name, path in files.items() if path})
    reader, opened = load_backend(backend), source.study(study_id)
    check_reads([reader], source, [study_id])
    if reader.oracle:
        source = settle_labels(source)
        opened = replace(opened, oracle_plane=oracle_plane(source, study_id))
    if show_prompts:
        say(_prompts(reader, opened))
        return
    folder = Path(out or f"gliobench-{file_stem(opened.id)}")
    _remove_earlier(folder, opened.id)
    with Console(stderr=True).status(plain(f"{backend} reads {opened.id}")):
        reading = predict_study(opened, reader, force=force)
        written = _write(reading, folder)
    if as_json:
        typer.echo(json.dumps(prediction_json(reading, written, mask_convention()), indent=2))
    else:
        print_prediction(reading, written)
    if reading.failures:
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _open(folder: str | None, files: dict[Modality, Path]) -> tuple[StudySource, str]:
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.inputs import open_source

    if (folder is None) == (not files):
        raise typer.BadParameter("give a study folder, or files by --t1n, --t1c, --t2w and --t2f")
    source: StudySource = container.study_files(files) if folder is None else open_source(folder)
    ids = source.study_ids()
    if len(ids) != 1:
        raise InvalidInputError(
            f"{folder} holds {len(ids)} studies: name one of them, or run gliobench evaluate"
        )
    return source, ids[0]


def _prompts(backend: Backend, study: Study) -> str:
    if backend.show_prompts is None:
        raise InvalidInputError(f"backend {backend.name} sends no prompts")
    return backend.show_prompts(study)


def _files(out: Path, study_id: str) -> dict[str, Path]:
    from gliobench.domain.studies.study_ids import file_stem

    stem = file_stem(study_id)
    return {
        "prediction": out / "prediction.json",
        "mask": out / f"{stem}_mask.nii.gz",
        "overlay": out / f"{stem}_overlay.png",
    }


def _remove_earlier(out: Path, study_id: str) -> None:
    """Leave nothing that could pass for the answer, whatever comes of it."""
    for path in _files(out, study_id).values():
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise JobError(f"cannot remove {path}: {error.strerror or error}") from error


def _write(reading: StudyReading, out: Path) -> dict[str, str]:
    """Write what there is, the picture last: a study that cannot be drawn was read all the same."""
    from gliobench.application.predict.predict_study import NoPlace, Place
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.files import write_whole
    from gliobench.entrypoints.inputs import mask_convention

    places = {name: str(path) for name, path in _files(out, reading.study.id).items()}
    written = {"prediction": places["prediction"]}
    mask = reading.place.mask if isinstance(reading.place, Place | NoPlace) else None
    if mask:
        written["mask"] = places["mask"]
        container.write_mask(Path(written["mask"]), mask, reading.study, mask_convention())
    _write_json(reading, written)
    if (picture := _picture(reading)) is not None:
        written["overlay"] = places["overlay"]
        write_whole(Path(written["overlay"]), picture)
        _write_json(reading, written)
    return written


def _write_json(reading: StudyReading, written: dict[str, str]) -> None:
    from gliobench.entrypoints.files import write_whole
    from gliobench.entrypoints.inputs import mask_convention
    from gliobench.entrypoints.prediction_view import prediction_json

    shown = prediction_json(reading, written, mask_convention())
    content = json.dumps(shown, indent=2) + "\n"
    write_whole(Path(written["prediction"]), content.encode())


def _picture(reading: StudyReading) -> bytes | None:
    """Draw a reading; None where it places nothing, or, as is told, nothing can be drawn."""
    from gliobench.application.predict.predict_study import drawn_answer
    from gliobench.entrypoints.container import container

    if (drawn := drawn_answer(reading)) is None:
        return None
    try:
        return container.painter().paint(
            reading.study,
            centre_vox=drawn.centre_vox,
            regions=drawn.regions,
            box=drawn.box,
            through_vox=drawn.through_vox,
            title=_title(reading),
        )
    except (InvalidInputError, NotFoundError) as error:
        say(f"no overlay: {error}", err=True)
        return None


def _title(reading: StudyReading) -> str:
    from gliobench.domain.comparison.report import STAND_IN

    choice = reading.study.plane_choice
    oracle = reading.backend.oracle or (choice is not None and choice.counts_as_oracle)
    notes = [
        "IMPLAUSIBLE" * bool(reading.implausible),
        "SIMULATED" * reading.study.is_simulated,
        reading.backend.provenance.get(STAND_IN),
        "oracle slice" * oracle,
    ]
    return ", ".join(filter(None, [f"{reading.study.id}: {reading.backend.name}", *notes]))
