"""`gliobench compare`: which of several runs is better, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gliobench.domain.messages import printable
from gliobench.entrypoints.bounds import MOST_REPLICATES
from gliobench.entrypoints.exit_codes import ExitCode
from gliobench.entrypoints.outputs import output_folder
from gliobench.entrypoints.terminal import plain

if TYPE_CHECKING:
    from gliobench.domain.comparison.result import Comparison


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Folder or URL of a run, or of several as 'evaluate' leaves them.",
        ),
    ],
    out: Annotated[
        str,
        typer.Option("--out", callback=output_folder, help="Folder or URL of the comparison."),
    ],
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
        int | None,
        typer.Option(
            "--replicates", min=100, max=MOST_REPLICATES, help="Bootstrap cohorts to draw."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the comparison as JSON.")] = False,
) -> None:
    """Compare runs over the same studies, in pairs, and say who is better and how sure that is.

    Writes report.html, report.json with its schema, tables as CSV and figures as SVG. Nothing is inferred.

    Exit code 3 tells that it was done in spite of leakage, of a run that is not finished, or of
    references that cannot be read.
    """
    from gliobench.entrypoints.container import container

    comparison = _compare(runs, primary, replicates, allow_leakage=allow_leakage)
    places = container.comparison_writer(out).write(comparison)
    facts = container.storage(out).read("report.json").decode()
    if as_json:
        typer.echo(facts, nl=False)
    else:
        _print(facts, places[0])
    if _is_in_spite(comparison):
        raise typer.Exit(ExitCode.WITH_RESERVATIONS)


def _compare(
    runs: list[str], primary: str | None, replicates: int | None, *, allow_leakage: bool
) -> Comparison:
    from gliobench.application.report.compare_runs import CompareRuns
    from gliobench.domain.comparison.arms import BootstrapOptions
    from gliobench.domain.comparison.endpoints import Endpoint
    from gliobench.entrypoints.container import container
    from gliobench.entrypoints.run_places import open_runs
    from gliobench.entrypoints.versions import versions

    table = container.settings().compare
    compare_runs = CompareRuns(
        primary=Endpoint.parse(primary or table.primary),
        allow_leakage=allow_leakage,
        bootstrap=BootstrapOptions(
            replicates=replicates or table.replicates, seed=container.settings().seed
        ),
        versions=versions(),
    )
    return compare_runs(*open_runs(runs))


def _is_in_spite(comparison: Comparison) -> bool:
    from gliobench.domain.evaluation.findings import FindingKind

    found = {finding.kind for finding in comparison.findings}
    in_spite = found & {FindingKind.LEAKAGE, FindingKind.PARTIAL_RUN}
    cohort = comparison.cohort
    return bool(in_spite or cohort.image_faults or cohort.reference_faults)


def _print(facts: str, place: str) -> None:
    import json

    from rich.console import Console
    from rich.text import Text

    told, console = json.loads(facts), Console()
    console.print(Text(printable(told["lead"])))
    for stamp in told["stamps"]:
        text = printable(f" {stamp['text']}")
        console.print(Text.assemble(("\n" + stamp["title"], "bold"), text))
    console.print(f"\nComparison: {plain(place)}", soft_wrap=True, highlight=False)
