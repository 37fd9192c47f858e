"""How a written report is shown: JSON for scripts, the verdict and the main numbers for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from gliobench.application.backends.imported import unused
from gliobench.application.report.write_report import WrittenReport
from gliobench.domain.comparison.report import Report
from gliobench.domain.messages import printable
from gliobench.entrypoints.container import container
from gliobench.entrypoints.terminal import plain, say
from gliobench.entrypoints.views.summary_table import summary_table


def show_report(written: WrittenReport, *, out: str, as_json: bool) -> None:
    """Print the report as JSON, or warnings that forbid a ranking, the verdict, tables and claims."""
    for sentence in written.left_out:
        say(sentence, err=True)
    facts = container.storage(out).read("report.json").decode()
    if as_json:
        typer.echo(facts, nl=False)
        return
    values, console = json.loads(facts), Console()
    console.print(Text(printable(values["verdict"]), style="bold"), end="\n\n")
    console.print(summary_table(written.report))
    if values["first_place"]:
        console.print(Text(printable(values["first_place"])))
    for line in (*_claims(values), *_stamps(values), *_unused(written.report)):
        console.print(line)
    console.print(f"Report: {plain(written.place)}", soft_wrap=True, highlight=False)


def _claims(values: Mapping[str, Any]) -> Iterator[Text]:
    if len(values["arms"]) > 1:
        yield from (Text(printable(claim)) for claim in values["claims"])


def _stamps(values: Mapping[str, Any]) -> Iterator[Text]:
    for stamp in values["stamps"]:
        title = Text(printable(stamp["title"]), style="bold yellow" if stamp["warns"] else "bold")
        yield Text.assemble(title, printable(f": {stamp['text']}"))


def _unused(report: Report) -> Iterator[Text]:
    for arm in report.arms:
        yield from (Text(printable(f"{arm.name}: {text}")) for text in unused(arm.provenance))
