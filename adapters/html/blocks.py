"""What sections consist of; `templates/blocks.html` renders each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.tables import Table


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs; `style` is a class of `style.css`."""

    kind: ClassVar[str] = "prose"
    paragraphs: Sequence[str]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Title:
    """A heading within a section, with a remark below."""

    kind: ClassVar[str] = "title"
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Figures side by side; `width` is a class of `style.css`."""

    kind: ClassVar[str] = "gallery"
    figures: Sequence[Figure]
    width: str = "two"


@dataclass(frozen=True, slots=True)
class Numbers:
    """A table; `head` is the title of its first column."""

    kind: ClassVar[str] = "numbers"
    table: Table
    caption: str
    head: str = "Backend"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values; `coded` prints values as code."""

    kind: ClassVar[str] = "facts"
    values: Mapping[str, object]
    coded: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of sentences."""

    kind: ClassVar[str] = "listed"
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Closed:
    """Blocks that are closed until asked for."""

    kind: ClassVar[str] = "closed"
    summary: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Template:
    """A template of its own, with its values."""

    kind: ClassVar[str] = "template"
    name: str
    values: Mapping[str, object]


Block: TypeAlias = Prose | Title | Gallery | Numbers | Facts | Listed | Closed | Template
