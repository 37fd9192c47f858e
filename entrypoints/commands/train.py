"""`gliobench train`: fit the networks that the backend `cnn-onnx` runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gliobench.entrypoints.console import step_progress, print_json, console

app = typer.Typer(
    help="Train the 3D CNNs, with cross-validation over patients.", no_args_is_help=True
)

DatasetArgument = Annotated[
    str, typer.Argument(help="Folder of studies with reference masks, or phantom:N.")
]
CubesOption = Annotated[Path | None, typer.Option("--cubes", help="Lesion cubes (.npz).")]
