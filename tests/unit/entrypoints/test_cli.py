from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
import typer

from command_line import gliobench
from gliobench.entrypoints.cli import COMMANDS, GliobenchGroup, app, load_command
from gliobench.entrypoints.container import configure
from gliobench.entrypoints.errors import ExitCode


@pytest.fixture
def loud_afterwards() -> Iterator[None]:
    """Let the tests that follow log again."""
    yield
    configure({})


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_help_of_each_says(name: str) -> None:
    first, _, _ = load_command(name).help.partition("\n\n")

    assert " ".join(first.split()) == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_lists_the_exit_codes(name: str) -> None:
    command = load_command(name)

    for helped in (command, *getattr(command, "commands", {}).values()):
        assert all(f"{code.value} {code.meaning}" in helped.epilog for code in ExitCode)


@pytest.mark.usefixtures("loud_afterwards")
@pytest.mark.parametrize(
    "arguments", [["--quiet", "config", "show", "--json"], ["config", "show", "--json", "--quiet"]]
)
def test_quiet_stands_before_the_command_or_after_it(arguments: list[str]) -> None:
    shown = gliobench(*arguments)

    assert json.loads(shown.stdout)["quiet"] == {"value": True, "from": "flag"}


def test_what_follows_two_dashes_is_left_as_it_is() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, GliobenchGroup)

    context = group.make_context("gliobench", ["predict", "--", "--quiet"])

    assert context.params["quiet"] is False


@pytest.mark.parametrize(("asked", "given"), [(None, "1"), ("4", "4")])
def test_predict_multiplies_in_one_thread_unless_more_are_asked_for(
    asked: str | None, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", asked or "")
    if asked is None:
        monkeypatch.delenv("OPENBLAS_NUM_THREADS")

    gliobench("predict", "--help")

    assert os.environ["OPENBLAS_NUM_THREADS"] == given
