"""`gliobench export`: from training runs to the ONNX files that the CNN backends run."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from gliobench.domain.errors import JobError
from gliobench.entrypoints.outputs import local_folder
from gliobench.entrypoints.progress import tracked
from gliobench.entrypoints.terminal import say

if TYPE_CHECKING:
    from gliobench.application.ports.study_source import StudySource
    from gliobench.application.train.export_networks import StudyParity


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
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.inputs import open_source

    source, runs = open_source(check), (localizer, grader)
    for fold in range(container.count_folds(localizer)) if folds else [None]:
        folder = Path(out) if fold is None else Path(out) / f"fold-{fold}"
        say(_summary(_export(runs, fold, source, limit, out=folder), folder))


def _export(
    runs: tuple[Path, Path | None],
    fold: int | None,
    source: StudySource,
    limit: int | None,
    *,
    out: Path,
) -> list[StudyParity]:
    from gliobench.application.train.export_networks import check_parity
    from gliobench.application.train.learned_images import learned_images
    from gliobench.entrypoints.container import container

    trained = container.trained_networks(*runs, fold=fold)
    trained = trained.recognising(learned_images(source, trained.trained_on))
    study_ids = source.study_ids()[:limit]
    before = container.trained_backend(trained.localizer, trained.grader)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out, prefix=".export-") as temporary:
        folder = Path(temporary)
        trained.write(folder)
        rows = check_parity(
            before,
            container.exported_backend(before.name, folder),
            map(source.study, tracked("checking", study_ids)),
        )
        _refuse_failures(rows)
        parity = [asdict(row) for row in rows]
        (folder / "parity.json").write_text(json.dumps(parity, indent=1) + "\n")
        for path in sorted(folder.iterdir()):
            path.replace(out / path.name)
    return rows


def _refuse_failures(rows: list[StudyParity]) -> None:
    failed = [row for row in rows if not row.holds]
    if failed:
        worst = min(failed, key=lambda row: row.dice)
        raise JobError(
            f"parity fails on {len(failed)} of {len(rows)} studies, nothing is exported; "
            f"worst: {worst}"
        )


def _summary(rows: list[StudyParity], out: Path) -> str:
    moved_mm = max((row.centre_moved_mm or 0.0 for row in rows), default=0.0)
    apart = max((row.probability_apart or 0.0 for row in rows), default=0.0)
    return (
        f"{len(rows)} studies: no grade flipped, P(HGG) at most {apart:.1e} apart, centre moved at "
        f"most {moved_mm:.1e} mm, Dice at least {min(row.dice for row in rows):.6f}\n"
        f"{out / 'localizer.onnx'}\n{out / 'grader.onnx'}"
    )
