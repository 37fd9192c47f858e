"""`gliobench prepare`: register raw images, extract the brain, and write them as networks want them."""

from __future__ import annotations

import json
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gliobench.application.prepare.prepared_layouts import BidsLayout, BratsLayout
from gliobench.application.prepare.write_prepared import WrittenStudy, quality_json
from gliobench.entrypoints.container import container
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.options import (
    BrainMaskOption,
    DicomOptions,
    JsonOption,
    adopt_prepare,
    grouped,
)
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.terminal import plain, say

app = typer.Typer(add_completion=False)


class LayoutName(str, Enum):
    """How the files are named."""

    BRATS = "brats"
    BIDS = "bids"


_LAYOUTS = {LayoutName.BRATS: BratsLayout, LayoutName.BIDS: BidsLayout}


@app.command()
@grouped
def prepare(
    dataset: Annotated[
        str, typer.Argument(help="Folder or URL of studies or of one, NIfTI or DICOM.")
    ],
    out: Annotated[
        str, typer.Option("--out", callback=local_folder, help="Folder for the prepared studies.")
    ],
    *,
    study_id: Annotated[
        str | None, typer.Option("--study", metavar="ID", help="Prepare this study only.")
    ] = None,
    layout: Annotated[
        LayoutName, typer.Option("--layout", help="Names of the files.")
    ] = LayoutName.BRATS,
    brain_mask: BrainMaskOption = None,
    dicom: DicomOptions,
    as_json: JsonOption = False,
) -> None:
    """Bring raw images to one grid of 1 mm, as BraTS does, without the skull.

    Writes every image, a picture of it, and how well each was registered. Masks of tumours are not moved.

    Exit code 3: a study could not be prepared.
    """
    dicom.adopt()
    adopt_prepare(True, brain_mask)
    source = container.one_study(dataset, {}, study_id) if study_id else container.dataset(dataset)
    made: list[WrittenStudy] = []
    for item in container.write_prepared()(source, _LAYOUTS[layout](Path(out))):
        made.append(item)
        if item.fault is not None:
            say(f"{item.study_id}: {item.fault.sentence}", err=True)
    if as_json:
        typer.echo(json.dumps([_shown(item) for item in made], indent=2))
    else:
        Console().print(_table(made))
    if any(item.fault for item in made):
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _shown(item: WrittenStudy) -> dict[str, object]:
    if item.preparation is None:
        return {"study_id": item.study_id, "fault": item.fault.sentence if item.fault else ""}
    return {**quality_json(item.study_id, item.preparation), "files": item.files}


def _table(made: list[WrittenStudy]) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("study", "brain, ml", "template overlap", "image", "moved, mm", "turned, °"):
        table.add_column(title, justify="left" if title in {"study", "image"} else "right")
    for title in ("sharpness", "bias"):
        table.add_column(title, justify="right")
    for item in made:
        if item.preparation is None:
            continue
        quality = item.preparation.quality
        first = [plain(item.study_id), f"{quality.brain_ml:.0f}", f"{quality.template_overlap:.2f}"]
        for modality, image in quality.images.items():
            numbers = (f"{image.moved_mm:.1f}", f"{image.moved_degrees:.1f}")
            fit = (f"{image.sharpness:.2f}", f"{image.bias:.2f}")
            table.add_row(*first, modality.value, *numbers, *fit)
            first = ["", "", ""]
    return table
