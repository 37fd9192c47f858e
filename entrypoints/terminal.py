"""How text of others reaches a terminal: made harmless here, whoever prints it."""

from __future__ import annotations

import typer
from rich.markup import escape

from gliobench.domain.messages import printable


def plain(text: object) -> str:
    r"""Give text of others (ids, names, paths, answers) as Rich shows it: no markup, no control.

    >>> plain("[red]\x1b")
    '\\\\[red]\\\\x1b'
    """
    return escape(printable(str(text)))


def say(text: str, *, err: bool = False) -> None:
    """Print lines as they are, but for what a terminal would obey."""
    typer.echo("\n".join(map(printable, text.split("\n"))), err=err)
