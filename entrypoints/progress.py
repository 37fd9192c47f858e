"""Progress on stderr, for people only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from rich.console import Console
from rich.progress import track

ItemT = TypeVar("ItemT")


def tracked(title: str, items: Iterable[ItemT]) -> Iterable[ItemT]:
    """Show a bar while items are gone through, where stderr is a terminal."""
    console = Console(stderr=True)
    return track(items, title, console=console, transient=True, disable=not console.is_terminal)
