"""Safe output of foreign text on a terminal."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager, redirect_stdout
from typing import TextIO

import typer
from rich.markup import escape

from gliobench.domain.messages import printable


def plain(text: object) -> str:
    r"""Escape foreign text (ids, names, paths, answers) for Rich: no markup, no control characters.

    >>> plain("[red]\x1b")
    '\\\\[red]\\\\x1b'
    """
    return escape(printable(str(text)))


def for_results_only() -> AbstractContextManager[TextIO]:
    """Send to stderr what plugins and libraries print, so that JSON stands on stdout alone."""
    return redirect_stdout(sys.stderr)


def say(text: str, *, err: bool = False) -> None:
    """Print lines unchanged, except control characters."""
    typer.echo("\n".join(map(printable, text.split("\n"))), err=err)
