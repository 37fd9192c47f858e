"""`gliobench export`: convert trained networks to the ONNX files of the CNN backends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.train.export_networks import GRADERS, StudyParity
from gliobench.entrypoints.container import container
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.terminal import say

app = typer.Typer(add_completion=False)
WEIGHTS = ("localizer.onnx", *GRADERS)


@app.command()
def export(
    localizer: Annotated[
        Path, typer.Argument(help="Training run of the localizer, or of slices (both networks).")
    ],
    check: Annotated[str, typer.Option(help="Real studies for the parity check.")],
    out: Annotated[str, typer.Option(callback=local_folder, help="Folder for the exported files.")],
    graders: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[GRADER]...",
            help="Training runs of graders (intensities, regions, or both); not for slices.",
        ),
    ] = None,
    folds: Annotated[
        bool,
        typer.Option(
            "--folds", help="Export the networks of the folds instead, to fold-0, fold-1, …"
        ),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Check only the first studies.")] = None,
) -> None:
    """Export networks, if their ONNX versions agree with PyTorch on real studies.

    Writes localizer.onnx, grader.onnx (a grader of intensities) and grader.json (a grader of regions).

    Hashes of the training images among the given studies are stored in the exported files, so that a
    comparison recognises them under other names.

    No grade may change, no centre may move by more than 0.5 mm, and masks must overlap with a Dice of at
    least 0.999; otherwise nothing is written and the exit code is 1.

    With --folds: a backend whose option `held_out` names the folder predicts each patient with the
    networks that were not trained on that patient.
    """
    export_networks = container.export_networks(container.dataset(check), localizer, graders or [])
    for folder, rows in export_networks(Path(out), by_fold=folds, limit=limit):
        say(_summary(rows, folder))


def _summary(rows: list[StudyParity], out: Path) -> str:
    moved_mm = max((row.centre_moved_mm or 0.0 for row in rows), default=0.0)
    apart = max((row.probability_apart or 0.0 for row in rows), default=0.0)
    return (
        f"{len({row.study_id for row in rows})} studies: no grade flipped, P(HGG) at most {apart:.1e} apart, centre moved at "
        f"most {moved_mm:.1e} mm, Dice at least {min(row.dice for row in rows):.6f}\n"
        + "\n".join(str(out / name) for name in WEIGHTS if (out / name).exists())
    )
