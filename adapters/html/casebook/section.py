"""The values of the template for single cases."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gliobench.adapters.html.casebook.drawings import drawings
from gliobench.adapters.html.casebook.rows import CaseListing, Heading, case_table, headings_of
from gliobench.adapters.html.casebook.viewer import (
    licences,
    packed_viewer,
    packed_volumes,
    viewer_script,
)
from gliobench.application.ports.picture_encoder import MEDIA_TYPE
from gliobench.domain.comparison.casebook import Casebook

ARM_COLOURS = 7
"""Number of colours of arms in `colours.css`; further backends reuse them."""


@dataclass(frozen=True, slots=True)
class CaseSection:
    """What the page shows of single cases.

    Args:
        table: All cases.
        columns: Each kind of column once, with its meaning.
        grades: Reference grades to filter by.
        sites: Sites to filter by.
        choices: Values and labels of the filter by correctness.
        n_left_out: Number of studies omitted to limit the size of the page.
        facts: What the script draws for each case.
        volumes: Packed files by their role, by the number of the case.
        viewer: The packed viewer; empty where there is no volume.
        licences: The licences of the viewer.
    """

    table: CaseListing
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
    """Prepare a casebook for a page."""
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
    """Return the scripts that a page with these cases must allow, its own first."""
    has_volume = any(entry.kept and entry.kept.volume for entry in book.entries)
    return (_page_script(), viewer_script()) if has_volume else (_page_script(),)


@cache
def _page_script() -> str:
    return (Path(__file__).parent / "casebook.js").read_text(encoding="utf-8")


@cache
def page_style() -> str:
    """Read the style of the section."""
    return (Path(__file__).parent / "casebook.css").read_text(encoding="utf-8")


def _facts(book: Casebook, table: CaseListing) -> dict[str, Any]:
    cases = drawings(book)
    for entry, case in zip(book.entries, cases, strict=True):
        if entry.kept is not None and entry.kept.picture is not None:
            picture = b64encode(entry.kept.picture.file).decode()
            case["picture"] = f"data:{MEDIA_TYPE};base64,{picture}"
    backends = [
        {"name": name, "arm": n % ARM_COLOURS, "columns": [heading.title for heading in headings]}
        for n, (name, headings) in enumerate(table.headings)
    ]
    columns = [heading.title for heading in headings_of(table)]
    return {"backends": backends, "columns": columns, "cases": cases}


def _choices(table: CaseListing) -> list[tuple[str, str]]:
    names = [name for name, _ in table.headings]
    choices = [("", "all cases"), ("failed", "at least one failure")]
    if len(names) == 1:
        return [*choices, ("right 0", "grade correct"), ("wrong 0", "grade wrong")]
    choices += [
        ("split", "backends disagree on the grade"),
        ("all", "all backends correct"),
        ("none", "no backend correct"),
    ]
    choices += [(f"only {n}", f"only {name} correct") for n, name in enumerate(names)]
    return choices + [(f"wrong {n}", f"{name} wrong") for n, name in enumerate(names)]
