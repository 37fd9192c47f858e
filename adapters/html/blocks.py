"""What sections consist of; `templates/blocks.html` renders each kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.tables import Table


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs; `style` is a class of `style.css`."""

    content: Sequence[str]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Blocks below a heading and a remark."""

    title: str
    content: Sequence[Block]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Figures side by side; `width` is a class of `style.css`."""

    content: Sequence[Figure]
    width: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """A table; `head` is the title of its first column."""

    content: Table | None
    caption: str
    head: str = "Backend"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values; `coded` prints values as code."""

    content: Mapping[str, object]
    coded: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of sentences."""

    content: Sequence[str]


@dataclass(frozen=True, slots=True)
class Closed:
    """Blocks that are closed until asked for."""

    summary: str
    content: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Template:
    """A template of its own, with its values."""

    name: str
    content: object


Block: TypeAlias = Prose | Part | Gallery | Numbers | Facts | Listed | Closed | Template


def with_content(blocks: Iterable[Block]) -> list[Block]:
    """Leave out blocks without content, at every depth."""
    found = [
        replace(block, content=with_content(block.content))
        if isinstance(block, Part | Closed)
        else block
        for block in blocks
    ]
    return [block for block in found if block.content]


def figures_in(blocks: Iterable[Block]) -> Iterator[Figure]:
    """List the figures of blocks, at every depth, in the order of the page."""
    for block in blocks:
        if isinstance(block, Gallery):
            yield from block.content
        elif isinstance(block, Part | Closed):
            yield from figures_in(block.content)
