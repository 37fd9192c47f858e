"""Pages of the documentation as a reader follows them: what their boxes hold, and what running them does.

A box of shell commands is run, unless a comment stands before it: `<!-- not run: REASON -->`, or
`<!-- slow -->` for what is run with --full alone. A box whose first line is a comment with a file's name
(`# gliobench.toml`) is that file; other boxes of Python are run, in one interpreter a page.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise, takewhile
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from command_line import gliobench
from gliobench.entrypoints.cli import COMMANDS, app, load_command
from gliobench.entrypoints.errors import ExitCode
from gliobench.entrypoints.settings import load_settings

REPOSITORY = Path(__file__).parents[2]
BOX = re.compile(
    r"(?:^<!-- (?:not run: (?P<reason>[^>]+?)|(?P<slow>slow)) -->\n+)?^```(?P<kind>\w*)[^\n]*\n(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHELL = re.compile(r"^(?:gliobench (?=[a-z-])|(?:pip|make|export|python) )", re.MULTILINE)
FILE = re.compile(r"^# ?([\w-]+\.(?:toml|py|csv|txt|yaml))\b")
ENDS = {"&", "&&", "|", "||", ">", "2>", ";"}
"""Words of a shell behind which a command does not go on."""
BEFORE = ENDS | {"do", "then", "-m"}
"""Words of a shell before a command."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a page: what it holds, and why it is not run or run with --full alone."""

    kind: str
    body: str
    reason: str
    slow: bool

    @property
    def is_shell(self) -> bool:
        """Whether it holds commands."""
        return self.kind in ("sh", "bash") or (not self.kind and bool(SHELL.search(self.body)))

    @property
    def file(self) -> str:
        """Name of the file that it is; empty for none."""
        found = FILE.match(self.body)
        return found[1] if found and not self.is_shell else ""

    def lines(self) -> list[str]:
        """List its lines, those that go on with `\\` as one."""
        return self.body.replace("\\\n", " ").splitlines()


def boxes(page: Path) -> list[Box]:
    """Read the boxes of a page, in order."""
    return [
        Box(hit["kind"], hit["body"], hit["reason"] or "", bool(hit["slow"]))
        for hit in BOX.finditer(page.read_text(encoding="utf-8"))
    ]


def words_of(line: str) -> list[str]:
    """Split a line as a shell does, those of a pipe or a list after one another."""
    words = shlex.shlex(line, posix=True, punctuation_chars="&|;>")
    words.whitespace_split = True
    return list(words)


def own_commands(box: Box) -> Iterator[list[str]]:
    """Yield what follows `gliobench` in each command of a box."""
    for line in box.lines():
        words = words_of(line) if "gliobench" in line else []
        for n, (before, word) in enumerate(pairwise(["&", *words])):
            if word == "gliobench" and before in BEFORE:
                yield list(takewhile(lambda word: word not in ENDS, words[n + 1 :]))


def understood(arguments: list[str]) -> dict[str, Any]:
    """Parse a command as the command line does, without running it; return its options.

    Raises:
        Exception: It has an unknown command, option or setting, or lacks an argument and has no `…`.
    """
    whole = not any(word.endswith("…") for word in arguments)
    arguments = [word.rstrip("…") for word in arguments if word != "…"]
    given, name, rest = _parsed(get_command(app), arguments)
    load_settings(dict(item.split("=", 1) for item in given.get("assignments") or []))
    if name is None:
        return given
    assert name in COMMANDS, f"there is no command {name}"
    command = load_command(name)
    options, inner, rest = _parsed(command, rest)
    while inner is not None:
        command = command.commands[inner]
        options, inner, rest = _parsed(command, rest)
    assert not rest, f"left over: {rest}"
    if whole and not set(arguments) & {"--help", "-h"}:
        lacking = [
            item.name for item in command.params if item.required and not options.get(item.name)
        ]
        assert not lacking, f"lacks {lacking}"
    return options


def _parsed(command: Any, arguments: list[str]) -> tuple[dict[str, Any], str | None, list[str]]:
    context = command.context_class(command, info_name=command.name)
    options, rest, _ = command.make_parser(context).parse_args(list(arguments))
    if hasattr(command, "commands") and rest:
        return options, rest[0], rest[1:]
    return options, None, rest


@dataclass(slots=True)
class Walk:
    """A reader who copies every box of a page, in a folder and a shell of their own.

    Commands of gliobench are run in this process; a fault is an exit code other than 0 or 3.

    Args:
        folder: Of the reader.
        patch: Undoes what they export.
        full: Whether boxes that are slow are run too.
        instead: What the reader writes in the place of words of the page.
        not_run: How lines begin that are left out.
        faults: What did not end well.
        names: Of the boxes of Python.
        left_out: The beginnings in `not_run` that a line had.
    """

    folder: Path
    patch: pytest.MonkeyPatch
    full: bool
    instead: Mapping[str, str] = field(default_factory=dict)
    not_run: Collection[str] = ()
    faults: list[str] = field(default_factory=list)
    names: dict[str, object] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)

    def follow(self, page: Path) -> None:
        """Run what a page has, and go on where a box fails."""
        self.patch.chdir(self.folder)
        for box in boxes(page):
            if box.file:
                with (self.folder / box.file).open("a", encoding="utf-8") as file:
                    file.write(box.body)
            elif not box.reason and (self.full or not box.slow):
                self._run(box)

    def _run(self, box: Box) -> None:
        if box.is_shell:
            for line in box.lines():
                self._run_line(line)
        elif box.kind == "python":
            exec(compile(box.body, "<box>", "exec"), self.names)

    def _run_line(self, line: str) -> None:
        if skipped := {words for words in self.not_run if line.startswith(words)}:
            self.left_out |= skipped
            return
        for words_of_page, words_of_reader in self.instead.items():
            line = line.replace(words_of_page, words_of_reader)
        words = words_of(line)
        if words[:1] == ["export"]:
            for name, value in (word.split("=", 1) for word in words[1:]):
                self.patch.setenv(name, value)
        elif words[:1] == ["gliobench"] and not ENDS & set(words):
            done = gliobench(*words[1:])
            if done.exit_code not in (ExitCode.DONE, ExitCode.WITH_RESERVATIONS):
                self.faults.append(f"{line}: {done.exit_code}: {done.output}")
        elif words:
            self._run_in_shell(line)

    def _run_in_shell(self, line: str) -> None:
        done = subprocess.run(
            ["bash", "-c", line],
            env=os.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            self.faults.append(f"{line}: {done.returncode}: {done.stdout}")
