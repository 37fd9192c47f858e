"""Progress on stderr, for people only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import track

from gliobench.entrypoints.container import container
from gliobench.entrypoints.terminal import plain

ItemT = TypeVar("ItemT")


def progress_console() -> Console:
    """Return where progress is shown: stderr, or nowhere if the settings say so."""
    return Console(stderr=True, quiet=container.settings().quiet)


def tracked(title: str, items: Iterable[ItemT]) -> Iterable[ItemT]:
    """Show a bar while items are gone through, where stderr is a terminal."""
    console = progress_console()
    return track(items, title, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def waiting(title: str) -> Iterator[None]:
    """Show what is being waited for, where stderr is a terminal."""
    with progress_console().status(plain(title)):
        yield
