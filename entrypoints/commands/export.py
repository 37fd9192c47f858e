"""`gliobench export`: from training runs to the ONNX files that `cnn-onnx` runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from gliobench.domain.errors import JobError
from gliobench.entrypoints.progress import tracked

if TYPE_CHECKING:
    from gliobench.application.export_networks import StudyParity


def export(
    localizer: Annotated[Path, typer.Argument(help="Training run of the localizer.")],
    grader: Annotated[Path, typer.Argument(help="Training run of the grader.")],
    check: Annotated[str, typer.Option(help="Real studies that parity is checked on.")],
    out: Annotated[Path, typer.Option(help="Folder for localizer.onnx and grader.onnx.")],
    limit: Annotated[int | None, typer.Option(min=1, help="Check only the first studies.")] = None,
) -> None:
    """Export both networks, if ONNX reads real studies as PyTorch does.

    No grade may flip, no centre move by more than 0.5 mm, and no two masks overlap by less than a
    Dice of 0.999; otherwise nothing is written and the command exits with 1.
    """
    from gliobench.application.export_networks import check_parity
    from gliobench.entrypoints.container import (
        exported_backend,
        open_source,
        trained_backend,
        trained_networks,
    )

    source = open_source(check)
    study_ids = source.study_ids()[:limit]
    trained = trained_networks(localizer, grader)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out, prefix=".export-") as temporary:
        folder = Path(temporary)
        trained.write(folder)
        rows = check_parity(
            trained_backend(trained),
            exported_backend(folder),
            map(source.study, tracked("checking", study_ids)),
        )
        _refuse_failures(rows)
        parity = [asdict(row) for row in rows]
        (folder / "parity.json").write_text(json.dumps(parity, indent=1) + "\n")
        for path in sorted(folder.iterdir()):
            path.replace(out / path.name)
    typer.echo(_summary(rows, out))


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
