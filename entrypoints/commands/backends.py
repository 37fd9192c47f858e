"""`gliobench backends`: list the available backends."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gliobench.domain.errors import GliobenchError
from gliobench.entrypoints.container import container
from gliobench.entrypoints.plugins import backend_entries, package_of
from gliobench.entrypoints.terminal import plain

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class BackendRow:
    """A backend as listed.

    Args:
        name: As in `--backend`.
        package: Its package.
        grades: Whether it grades; None where it cannot be loaded.
        forms: The forms in which it localises; None where it cannot be loaded.
        problem: Why it cannot be loaded.
        stand_in: A remark where its weights are a stand-in.
    """

    name: str
    package: str
    grades: bool | None = None
    forms: list[str] | None = None
    problem: str | None = None
    stand_in: str | None = None


@app.command()
def backends(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the backends, their capabilities, and the reason if one cannot run."""
    rows = [_row(entry) for entry in backend_entries()]
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        _print(rows)


def _row(entry: EntryPoint) -> BackendRow:
    package = package_of(entry)
    try:
        (backend,) = container.load_backends([entry.name])
    except GliobenchError as error:
        return BackendRow(entry.name, package, problem=str(error))
    forms = backend.localizer.forms if backend.localizer else ()
    return BackendRow(
        entry.name,
        package,
        grades=backend.classifier is not None,
        forms=sorted(form.value for form in forms),
        stand_in=backend.facts.stand_in or None,
    )


def _print(rows: list[BackendRow]) -> None:
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
