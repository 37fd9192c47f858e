"""`gliobench doctor`: check the installation of this machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gliobench.entrypoints.checks import Check, all_checks, backend_check
from gliobench.entrypoints.completion import backend_names
from gliobench.entrypoints.options import JsonOption
from gliobench.entrypoints.terminal import for_results_only, plain

app = typer.Typer(add_completion=False)


@app.command()
def doctor(
    backends: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            autocompletion=backend_names,
            help="Only load this backend and, where it answers in words, ask it about drawn squares.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check Python, libraries, extras, ONNX Runtime, weights, folders and programs that are backends; exit code 1 on a problem."""
    with for_results_only():
        checks = [backend_check(name) for name in backends] if backends else all_checks()
    if as_json:
        typer.echo(json.dumps([asdict(check) for check in checks], indent=2))
    else:
        _print(checks)
    if any(check.ok is False for check in checks):
        raise typer.Exit(1)


def _print(checks: list[Check]) -> None:
    marks = {True: "[green]ok[/]", False: "[red]wrong[/]", None: "[yellow]absent[/]"}
    table = Table(box=None, show_header=False)
    for check in checks:
        table.add_row(marks[check.ok], plain(check.name), plain(check.found))
    Console().print(table)
