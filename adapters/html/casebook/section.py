"""The values of the template for single cases."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from gliobench.adapters.html.casebook.drawings import drawing
from gliobench.adapters.html.casebook.featured import FeaturedCase, featured_cases
from gliobench.adapters.html.casebook.rows import COLUMNS, CaseRow, case_rows, models_of
from gliobench.adapters.html.casebook.viewer import (
    licences,
    packed_viewer,
    packed_volumes,
    viewer_script,
)
from gliobench.adapters.html.numbers import number
from gliobench.application.ports.picture_encoder import MEDIA_TYPE
from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.comparison.strata import Strata, Stratifier, stratify
from gliobench.domain.predictions.prediction import FailureReason

FOLDER = Path(__file__).parent
SCRIPTS = ("table.js", "case.js", "volume.js")
ARM_COLOURS = 7
"""Number of colours of arms in `colours.css`; further backends reuse them."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A column of the table.

    Args:
        name: The backend.
        arm: The number of its colour.
        baseline: Whether it answers by a rule.
    """

    name: str
    arm: int
    baseline: bool


@dataclass(frozen=True, slots=True)
class CaseSection:
    """What the page shows of single cases.

    Args:
        backends: Models first, then baselines, each with its position in the facts.
        rows: All cases, worst first.
        columns: Titles and meanings of the values of an answer.
        grades: Reference grades to filter by.
        groups: Subgroups to filter by, with the properties that define them.
        choices: Values and labels of the filter by correctness.
        reasons: Codes and names of the failure reasons that occur.
        n_left_out: Number of studies omitted to limit the size of the page.
        featured: Six cases for the first screen.
        facts: What the script draws for each case.
        volumes: Packed files by their role, by the number of the case.
        viewer: The packed viewer; empty where there is no volume.
        licences: The licences of the viewer.
    """

    backends: tuple[tuple[int, Backend], ...]
    rows: tuple[CaseRow, ...]
    columns: tuple[tuple[str, str], ...]
    grades: tuple[str, ...]
    groups: tuple[tuple[str, tuple[tuple[int, str], ...]], ...]
    choices: tuple[tuple[str, str], ...]
    reasons: tuple[tuple[str, str], ...]
    n_left_out: int
    featured: tuple[FeaturedCase, ...]
    facts: dict[str, Any]
    volumes: dict[int, dict[str, str]]
    viewer: str
    licences: str


def case_section(book: Casebook) -> CaseSection:
    """Prepare a casebook for a page."""
    rows = case_rows(book)
    models = models_of(book)
    volumes = {
        n: packed
        for n, row in enumerate(rows)
        if (packed := packed_volumes(row.entry, book.backends))
    }
    backends = [
        Backend(name, n % ARM_COLOURS, name in book.baselines)
        for n, name in enumerate(book.backends)
    ]
    strata = _strata(rows)
    found = {
        failure.reason
        for row in rows
        for score in row.entry.scores.values()
        for failure in score.failures
    }
    return CaseSection(
        backends=tuple(sorted(enumerate(backends), key=lambda one: (one[1].baseline, one[0]))),
        rows=rows,
        columns=COLUMNS,
        grades=tuple(sorted({row.grade for row in rows} - {""})),
        groups=tuple(_groups(strata)),
        choices=tuple(_choices(book.backends, models)),
        reasons=tuple(
            (reason.value, reason.value.replace("_", " "))
            for reason in FailureReason
            if reason in found
        ),
        n_left_out=book.n_left_out,
        featured=featured_cases(rows, models),
        facts=_facts(rows, backends, models, strata),
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
    parts = [(FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS]
    return '"use strict";\n(() => {\n' + "\n".join(parts) + "})();\n"


@cache
def page_style() -> str:
    """Read the style of the section."""
    return (FOLDER / "casebook.css").read_text(encoding="utf-8")


def _facts(
    rows: Sequence[CaseRow],
    backends: Sequence[Backend],
    models: list[int],
    strata: Sequence[Strata],
) -> dict[str, Any]:
    names = tuple(backend.name for backend in backends)
    cases = [drawing(row, names) for row in rows]
    for n, (row, case) in enumerate(zip(rows, cases, strict=True)):
        case["groups"] = [
            place for place, (found, part) in enumerate(_parts(strata)) if found.part[n] == part
        ]
        if row.entry.kept is not None and row.entry.kept.picture is not None:
            picture = b64encode(row.entry.kept.picture.file).decode()
            case["picture"] = f"data:{MEDIA_TYPE};base64,{picture}"
    return {
        "backends": [{"name": backend.name, "arm": backend.arm} for backend in backends],
        "models": models,
        "columns": [title for title, _ in COLUMNS],
        "cases": cases,
    }


def _strata(rows: Sequence[CaseRow]) -> list[Strata]:
    """Divide the cases by each property that has two subgroups or more; grades have their own filter."""
    scores = [row.entry.any_score for row in rows]
    found = [stratify(scores, by) for by in Stratifier if by is not Stratifier.GRADE]
    return [strata for strata in found if len(strata.names) > 1]


def _parts(strata: Sequence[Strata]) -> list[tuple[Strata, int]]:
    """List all subgroups, in the order of their numbers on the page."""
    return [(division, part) for division in strata for part in range(len(division.names))]


def _groups(strata: Sequence[Strata]) -> list[tuple[str, tuple[tuple[int, str], ...]]]:
    numbered = list(enumerate(_parts(strata)))
    return [
        (
            division.by.value.capitalize(),
            tuple((n, _group(found, part)) for n, (found, part) in numbered if found is division),
        )
        for division in strata
    ]


def _group(strata: Strata, part: int) -> str:
    """Name a subgroup; a tercile with its limits."""
    name = strata.names[part]
    if not strata.edges:
        return name
    low, high = (number(edge, 0) for edge in strata.edges)
    limits = (f"up to {low}", f"{low} to {high}", f"over {high}")
    return f"{name} ({limits[part]} {strata.unit})" if len(strata.names) == 3 else name


def _choices(names: Sequence[str], models: list[int]) -> list[tuple[str, str]]:
    choices = [("", "all cases")]
    if len(models) > 1:
        choices += [
            ("split", "models disagree"),
            ("none", "all models wrong"),
            ("all", "all models correct"),
        ]
        choices += [(f"only {n}", f"only {names[n]} correct") for n in models]
    else:
        choices += [(f"right {n}", f"{names[n]} correct") for n in models]
    return choices + [(f"wrong {n}", f"{name} wrong") for n, name in enumerate(names)]
