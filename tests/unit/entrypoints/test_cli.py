from __future__ import annotations

import pytest

from gliobench.entrypoints.cli import COMMANDS, load_command


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_help_of_each_says(name: str) -> None:
    first, _, _ = load_command(name).help.partition("\n\n")

    assert " ".join(first.split()) == COMMANDS[name][1]
