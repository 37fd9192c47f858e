"""`gliobench compare`: which of several runs is better, and how sure that is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from gliobench.domain.comparison.result import Comparison

IN_SPITE_OF = 3
"""Exit code of a comparison that was made though runs leak or are not finished."""
MANIFEST = "manifest.json"


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN...", help="Folder of a run, or of several as 'evaluate' leaves them."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the comparison.")],
    primary: Annotated[
        str | None,
        typer.Option(
            "--primary", help="Endpoint that decides; default: the setting compare.primary."
        ),
    ] = None,
    allow_leakage: Annotated[
        bool,
        typer.Option(
            "--allow-leakage", help="Compare though a backend has learned from these patients."
        ),
    ] = False,
    replicates: Annotated[
        int | None, typer.Option("--replicates", min=100, help="Bootstrap cohorts to draw.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare runs over the same studies, in pairs, and say who is better and how sure that is.

    Writes report.html, report.json with its schema, tables as CSV and figures as SVG. Nothing is inferred.

    Exit code 3 tells that it was done in spite of leakage or of a run that is not finished.
    """
    from gliobench.entrypoints.container import comparison_writer

    comparison = _compare(_folders(runs), primary, replicates, allow_leakage=allow_leakage)
    places = comparison_writer(str(out)).write(comparison)
    facts = (out / "report.json").read_text(encoding="utf-8")
    if as_json:
        typer.echo(facts, nl=False)
    else:
        _print(facts, places[0])
    if _is_in_spite(comparison):
        raise typer.Exit(IN_SPITE_OF)


def _folders(runs: list[Path]) -> list[Path]:
    """Find the runs: a folder that keeps one, else all those in it, in alphabetical order."""
    from gliobench.domain.errors import NotFoundError

    found: list[Path] = []
    for run in runs:
        inside = [run] if (run / MANIFEST).is_file() else sorted(run.glob(f"*/{MANIFEST}"))
        if not inside:
            raise NotFoundError(f"{run} keeps no run: there is no {MANIFEST} in it or below it")
        found += [one.parent if one.name == MANIFEST else one for one in inside]
    return list(dict.fromkeys(one.resolve() for one in found))


def _compare(
    folders: list[Path], primary: str | None, replicates: int | None, *, allow_leakage: bool
) -> Comparison:
    from gliobench.application.compare_runs import CompareRuns, name_runs
    from gliobench.domain.comparison.arms import Drawing
    from gliobench.domain.comparison.endpoints import Endpoint
    from gliobench.entrypoints.container import run_store, settings
    from gliobench.entrypoints.versions import versions

    table = settings().compare
    compare_runs = CompareRuns(
        primary=Endpoint.parse(primary or table.primary),
        allow_leakage=allow_leakage,
        drawing=Drawing(replicates=replicates or table.replicates, seed=settings().seed),
        versions=versions(),
    )
    stores = {f"{folder.parent.name}/{folder.name}": run_store(folder) for folder in folders}
    return compare_runs(name_runs(stores))


def _is_in_spite(comparison: Comparison) -> bool:
    from gliobench.domain.comparison.audits import FindingKind

    found = {finding.kind for finding in comparison.findings}
    return bool(found & {FindingKind.LEAKAGE, FindingKind.PARTIAL_RUN})


def _print(facts: str, place: str) -> None:
    import json

    from rich.console import Console
    from rich.text import Text

    told, console = json.loads(facts), Console()
    console.print(Text(told["lead"]))
    for stamp in told["stamps"]:
        console.print(Text.assemble(("\n" + stamp["title"], "bold"), f" {stamp['text']}"))
    console.print(f"\nComparison: {place}", soft_wrap=True, highlight=False, markup=False)
