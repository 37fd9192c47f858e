"""The values of the template for single cases."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gliobench.adapters.html.casebook.drawings import Json, drawing
from gliobench.adapters.html.casebook.featured import FeaturedCase, featured_cases
from gliobench.adapters.html.casebook.rows import COLUMNS, CaseRow, case_rows, models_of
from gliobench.adapters.html.casebook.subgroups import Subgroup, subgroups
from gliobench.adapters.html.casebook.viewer import (
    licences,
    packed_viewer,
    packed_volumes,
    viewer_script,
)
from gliobench.application.ports.picture_encoder import MEDIA_TYPE
from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.predictions.prediction import FailureReason

FOLDER = Path(__file__).parent
SCRIPTS = ("table.js", "case.js", "volume.js")
ARM_COLOURS = 7
"""Number of colours of arms in `colours.css`; further backends reuse them."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A column of the table.

    Args:
        number: Its position in the report, which decides its colour.
        name: The backend.
        baseline: Whether it answers by a rule.
    """

    number: int
    name: str
    baseline: bool

    @property
    def arm(self) -> int:
        """The number of its colour."""
        return self.number % ARM_COLOURS


@dataclass(frozen=True, slots=True)
class CaseSection:
    """What the page shows of single cases.

    Args:
        backends: Models first, then baselines.
        rows: All cases, worst first.
        columns: Titles and meanings of the values of an answer.
        grades: Reference grades to filter by.
        groups: Subgroups to filter by, with the properties that define them.
        choices: Values and labels of the filter by correctness.
        reasons: The failure reasons that occur.
        n_left_out: Number of studies omitted to limit the size of the page.
        featured: Six cases for the first screen.
        facts: What the script draws for each case.
        volumes: Packed files by their role, by the number of the case.
        viewer: The packed viewer; empty where there is no volume.
        licences: The licences of the viewer.
    """

    backends: tuple[Backend, ...]
    rows: tuple[CaseRow, ...]
    columns: tuple[tuple[str, str], ...]
    grades: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Subgroup, ...]], ...]
    choices: tuple[tuple[str, str], ...]
    reasons: tuple[str, ...]
    n_left_out: int
    featured: tuple[FeaturedCase, ...]
    facts: Json
    volumes: dict[int, dict[str, str]]
    viewer: str
    licences: str


def case_section(book: Casebook) -> CaseSection:
    """Prepare a casebook for a page."""
    rows, models = case_rows(book), models_of(book)
    backends = [
        Backend(n, name, baseline=name in book.baselines) for n, name in enumerate(book.backends)
    ]
    ordered = sorted(backends, key=lambda backend: backend.baseline)
    groups = subgroups(rows)
    packed = [packed_volumes(row.entry, book.backends) for row in rows]
    volumes = {n: files for n, files in enumerate(packed) if files}
    return CaseSection(
        backends=tuple(ordered),
        rows=rows,
        columns=COLUMNS,
        grades=tuple(sorted({row.grade for row in rows} - {""})),
        groups=groups,
        choices=tuple(_choices(book.backends, models)),
        reasons=_reasons(rows),
        n_left_out=book.n_left_out,
        featured=featured_cases(rows, models),
        facts={
            "backends": [{"name": backend.name, "arm": backend.arm} for backend in backends],
            "order": [backend.number for backend in ordered],
            "models": models,
            "columns": [title for title, _ in COLUMNS],
            "cases": [_case(n, row, book.backends, groups) for n, row in enumerate(rows)],
        },
        volumes=volumes,
        viewer=packed_viewer() if volumes else "",
        licences=licences() if volumes else "",
    )


def _case(
    n: int,
    row: CaseRow,
    backends: tuple[str, ...],
    groups: tuple[tuple[str, tuple[Subgroup, ...]], ...],
) -> Json:
    case = drawing(row, backends)
    case["groups"] = [group.number for _, found in groups for group in found if group.members[n]]
    if row.entry.kept is not None and row.entry.kept.picture is not None:
        picture = b64encode(row.entry.kept.picture.file).decode()
        case["picture"] = f"data:{MEDIA_TYPE};base64,{picture}"
    return case


def _reasons(rows: Sequence[CaseRow]) -> tuple[str, ...]:
    scores = (score for row in rows for score in row.entry.scores.values())
    found = {failure.reason for score in scores for failure in score.failures}
    return tuple(reason.value for reason in FailureReason if reason in found)


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
