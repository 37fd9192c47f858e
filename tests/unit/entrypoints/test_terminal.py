from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from gliobench.entrypoints.terminal import plain, say


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[red]BraTS[/]", "[red]BraTS[/]"),
        ("a\x1b[31mb", r"a\x1b[31mb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\rb\nc", r"a\rb\nc"),
        ("Pati\udcebnt", r"Pati\xebnt"),
        ("a\\", "a\\"),
        ("[link=http://x]y[/link] :brain:", "[link=http://x]y[/link]"),
    ],
)
def test_text_of_others_is_shown_and_not_obeyed(text: str, shown: str) -> None:
    file = StringIO()

    Console(file=file, force_terminal=True, width=200, emoji=False).print(
        f"[bold]{plain(text)}[/]", highlight=False
    )

    assert shown in file.getvalue()
    assert file.getvalue().count("\x1b") == 2  # bold on, bold off


def test_lines_are_said_apart(capsys: pytest.CaptureFixture[str]) -> None:
    say("one\x1b[2J\ntwo\r")
    say("three", err=True)

    assert capsys.readouterr() == ("one\\x1b[2J\ntwo\\r\n", "three\n")
