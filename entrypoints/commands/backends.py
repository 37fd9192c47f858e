"""`gliobench backends`: list the available backends."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from gliobench.entrypoints.container import container
from gliobench.entrypoints.container.backends import BackendRow
from gliobench.entrypoints.options import JsonOption
from gliobench.entrypoints.terminal import for_results_only, plain

app = typer.Typer(add_completion=False)


@app.command()
def backends(as_json: JsonOption = False) -> None:
    """List the backends, their capabilities, and the reason if one cannot run."""
    with for_results_only():
        rows = container.list_backends()
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _print(rows)


def _print(rows: Sequence[BackendRow]) -> None:
    table = Table("backend", "grades", "localises", "from", "available", box=None)
    table.header_style = "bold"
    for row in rows:
        table.add_row(
            plain(row.name),
            "yes" if row.grades else "",
            ", ".join(row.forms or []),
            plain(row.package),
            "yes" if row.problem is None else "[red]no[/]",
        )
    console = Console()
    console.print(table)
    for row in rows:
        if row.problem is not None:
            console.print(plain(f"{row.name}: {row.problem}"), soft_wrap=True, highlight=False)
        if row.stand_in is not None:
            console.print(plain(f"{row.name}: {row.stand_in}"), soft_wrap=True, highlight=False)
