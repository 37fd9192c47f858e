"""The section of single cases: all that its template is filled with."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gliobench.adapters.html.casebook.drawings import drawings
from gliobench.adapters.html.casebook.rows import CaseTable, Heading, case_table, headings_of
from gliobench.adapters.html.casebook.viewer import (
    licences,
    packed_viewer,
    packed_volumes,
    viewer_script,
)
from gliobench.application.ports.picture_encoder import MEDIA_TYPE
from gliobench.domain.comparison.casebook import Casebook

INKS = 7
"""Colours that `casebook.css` has for backends; an eighth looks like the first."""


@dataclass(frozen=True, slots=True)
class CaseSection:
    """What the page shows of single cases.

    Args:
        table: Of all of them.
        columns: Each kind of column once, for their meanings.
        grades: Reference grades to choose from.
        sites: Sites to choose from.
        choices: Values and words of the choice by who is right.
        n_left_out: Studies that were too many for the page.
        facts: What the script draws of each case.
        volumes: Of each case that has them, by its number: packed files by what they are.
        viewer: The packed viewer; empty where there is no volume.
        licences: Of the viewer.
    """

    table: CaseTable
    columns: tuple[Heading, ...]
    grades: tuple[str, ...]
    sites: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    n_left_out: int
    facts: dict[str, Any]
    volumes: dict[int, dict[str, str]]
    viewer: str
    licences: str


def case_section(book: Casebook) -> CaseSection:
    """Lay a casebook out for a page."""
    table = case_table(book)
    volumes = {
        n: packed
        for n, entry in enumerate(book.entries)
        if (packed := packed_volumes(entry, book.backends))
    }
    return CaseSection(
        table=table,
        columns=tuple(headings_of(table)),
        grades=tuple(sorted({row.grade for row in table.rows} - {""})),
        sites=tuple(sorted({row.site for row in table.rows} - {""})),
        choices=tuple(_choices(table)),
        n_left_out=book.n_left_out,
        facts=_facts(book, table),
        volumes=volumes,
        viewer=packed_viewer() if volumes else "",
        licences=licences() if volumes else "",
    )


def page_scripts(book: Casebook) -> tuple[str, ...]:
    """Give the scripts that a page with these cases has to let run, its own first."""
    has_volume = any(entry.kept and entry.kept.volume for entry in book.entries)
    return (_page_script(), viewer_script()) if has_volume else (_page_script(),)


@cache
def _page_script() -> str:
    return (Path(__file__).parent / "casebook.js").read_text(encoding="utf-8")


@cache
def page_style() -> str:
    """Read the style of the section."""
    return (Path(__file__).parent / "casebook.css").read_text(encoding="utf-8")


def _facts(book: Casebook, table: CaseTable) -> dict[str, Any]:
    cases = drawings(book)
    for entry, case in zip(book.entries, cases, strict=True):
        if entry.kept is not None and entry.kept.picture is not None:
            picture = b64encode(entry.kept.picture.file).decode()
            case["picture"] = f"data:{MEDIA_TYPE};base64,{picture}"
    backends = [
        {"name": name, "ink": n % INKS, "columns": [one.title for one in headings]}
        for n, (name, headings) in enumerate(table.headings)
    ]
    columns = [one.title for one in headings_of(table)]
    return {"backends": backends, "columns": columns, "cases": cases}


def _choices(table: CaseTable) -> list[tuple[str, str]]:
    names = [name for name, _ in table.headings]
    choices = [("", "all cases"), ("failed", "an answer failed")]
    if len(names) == 1:
        return [*choices, ("right 0", "the grade is right"), ("wrong 0", "the grade is wrong")]
    choices += [
        ("split", "backends disagree on the grade"),
        ("all", "every backend is right"),
        ("none", "no backend is right"),
    ]
    choices += [(f"only {n}", f"only {name} is right") for n, name in enumerate(names)]
    return choices + [(f"wrong {n}", f"{name} is wrong") for n, name in enumerate(names)]
