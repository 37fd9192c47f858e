from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from gliobench.entrypoints.options import grouped

app = typer.Typer()


@dataclass(frozen=True, slots=True)
class Window:
    width: Annotated[int, typer.Option(min=1)] = 3
    centred: Annotated[bool, typer.Option("--centred")] = False


@app.command()
@grouped
def draw(name: str, *, window: Window, colour: str = "grey") -> None:
    typer.echo(f"{name} {window} {colour}")


def test_options_of_a_group_reach_a_command_as_one_value() -> None:
    shown = CliRunner().invoke(app, ["axial", "--width", "5", "--centred"])

    assert shown.output == "axial Window(width=5, centred=True) grey\n"


def test_options_that_are_not_given_have_the_defaults_of_their_group() -> None:
    shown = CliRunner().invoke(app, ["axial"])

    assert shown.output == "axial Window(width=3, centred=False) grey\n"


def test_options_of_a_group_are_checked_as_any_other() -> None:
    shown = CliRunner().invoke(app, ["axial", "--width", "0"])

    assert shown.exit_code == 2
