"""`gliobench config`: settings and their origin."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from gliobench.entrypoints.container import container
from gliobench.entrypoints.options import JsonOption
from gliobench.entrypoints.settings import described, origins, values
from gliobench.entrypoints.terminal import plain

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Show the settings.")


@app.callback()
def config() -> None:
    """Show the settings."""


@app.command()
def show(as_json: JsonOption = False) -> None:
    """Print every setting, its value and its origin."""
    held = values(container.settings())
    sources = origins(container.flags())
    if as_json:
        rows = {name: {"value": held[name], "from": sources[name]} for name in held}
        typer.echo(json.dumps(rows, indent=2))
        return
    table = Table("setting", "value", "from", "means", box=None, header_style="bold")
    for name, meaning in described().items():
        table.add_row(name, plain(json.dumps(held[name])), plain(sources[name]), plain(meaning))
    Console().print(table)
