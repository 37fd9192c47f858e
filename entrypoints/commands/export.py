"""`gliobench export`: from training runs to the ONNX files that the CNN backends run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gliobench.application.train.export_networks import StudyParity
from gliobench.entrypoints.container import container
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.terminal import say

app = typer.Typer(add_completion=False)


@app.command()
def export(
    localizer: Annotated[
        Path, typer.Argument(help="Training run of the localizer, or of slices, which holds both.")
    ],
    check: Annotated[str, typer.Option(help="Real studies that parity is checked on.")],
    out: Annotated[
        str,
        typer.Option(callback=local_folder, help="Folder for localizer.onnx and grader.onnx."),
    ],
    grader: Annotated[
        Path | None, typer.Argument(help="Training run of the grader, unless of slices.")
    ] = None,
    folds: Annotated[
        bool,
        typer.Option("--folds", help="Export the folds' networks instead, to fold-0, fold-1, …"),
    ] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Check only the first studies.")] = None,
) -> None:
    """Export both networks, if ONNX reads real studies as PyTorch does.

    Images of patients that the networks learned from, if they are among the studies given, are told
    of by hash in the exported files: a comparison then knows them again under other names.

    No grade may flip, no centre move by more than 0.5 mm, and no two masks overlap by less than a
    Dice of 0.999; otherwise nothing is written and the command exits with 1.

    With --folds, a backend whose option `held_out` names the folder answers about each patient by
    the networks that have not seen them.
    """
    export_networks = container.export_networks(container.dataset(check), localizer, grader)
    for folder, rows in export_networks(Path(out), by_fold=folds, limit=limit):
        say(_summary(rows, folder))


def _summary(rows: list[StudyParity], out: Path) -> str:
    moved_mm = max((row.centre_moved_mm or 0.0 for row in rows), default=0.0)
    apart = max((row.probability_apart or 0.0 for row in rows), default=0.0)
    return (
        f"{len(rows)} studies: no grade flipped, P(HGG) at most {apart:.1e} apart, centre moved at "
        f"most {moved_mm:.1e} mm, Dice at least {min(row.dice for row in rows):.6f}\n"
        f"{out / 'localizer.onnx'}\n{out / 'grader.onnx'}"
    )
