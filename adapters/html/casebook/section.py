"""The values of the template for single cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gliobench.adapters.html.arm_colours import arm_colours
from gliobench.adapters.html.casebook.drawings import Json, drawing
from gliobench.adapters.html.casebook.featured import FeaturedCase, featured_cases
from gliobench.adapters.html.casebook.rows import COLUMNS, CaseRow, case_rows, models_of
from gliobench.adapters.html.casebook.subgroups import Subgroup, subgroups
from gliobench.adapters.html.casebook.viewer import (
    packed_viewer,
    packed_volumes,
    source,
    viewer_script,
)
from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.studies.grading_target import POSITIVE

SCRIPTS = ("table.js", "case.js", "volume.js")


@dataclass(frozen=True, slots=True)
class CaseSection:
    """What the page shows of single cases.

    Args:
        baselines: Backends that answer by a rule.
        rows: All cases, worst first.
        columns: Titles and meanings of the values of an answer.
        grades: Reference grades to filter by.
        groups: Subgroups to filter by, with the properties that define them.
        choices: Values and labels of the filter by correctness.
        reasons: The failure reasons that occur.
        n_left_out: Number of studies omitted to limit the size of the page.
        featured: Six cases for the first screen.
        facts: What the script draws: the backends, their order in the table, and the cases.
        volumes: Packed files by their role, by the number of the case.
        viewer: The packed viewer; empty where there is no volume.
        licences: The licences of the viewer.
    """

    baselines: frozenset[str]
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
    rows, models, names = case_rows(book), models_of(book), book.backends
    colours = arm_colours(names, book.baselines)
    groups = subgroups(rows)
    members = [group for _, found in groups for group in found]
    packed = [packed_volumes(row.entry, names) for row in rows]
    volumes = {n: files for n, files in enumerate(packed) if files}
    failures = {
        failure.reason
        for row in rows
        for score in row.entry.scores.values()
        for failure in score.failures
    }
    return CaseSection(
        baselines=book.baselines,
        rows=rows,
        columns=COLUMNS,
        grades=tuple(sorted({row.grade for row in rows} - {""})),
        groups=groups,
        choices=tuple(_choices(names, models)),
        reasons=tuple(reason.value for reason in FailureReason if reason in failures),
        n_left_out=book.n_left_out,
        featured=featured_cases(rows, models),
        facts={
            "backends": [{"name": name, "arm": colours[name]} for name in names],
            "order": sorted(range(len(names)), key=lambda n: names[n] in book.baselines),
            "models": models,
            "columns": [title for title, _ in COLUMNS],
            "findings": f"Reasons (log-odds of {POSITIVE})",
            "cases": [
                drawing(row, names) | {"groups": [of.number for of in members if of.members[n]]}
                for n, row in enumerate(rows)
            ],
        },
        volumes=volumes,
        viewer=packed_viewer() if volumes else "",
        licences=source("niivue/LICENSES.txt") if volumes else "",
    )


def page_scripts(book: Casebook) -> tuple[str, ...]:
    """Return the scripts that a page with these cases must allow, its own first."""
    own = '"use strict";\n(() => {\n' + "\n".join(map(source, SCRIPTS)) + "})();\n"
    has_volume = any(entry.kept and entry.kept.volume for entry in book.entries)
    return (own, viewer_script()) if has_volume else (own,)


def page_style() -> str:
    """Read the style of the section."""
    return source("casebook.css")


def _choices(names: tuple[str, ...], models: list[int]) -> Iterator[tuple[str, str]]:
    yield "", "all cases"
    if len(models) > 1:
        yield "split", "models disagree"
        yield "none", "all models wrong"
        yield "all", "all models correct"
        yield from ((f"only {n}", f"only {names[n]} correct") for n in models)
    else:
        yield from ((f"right {n}", f"{names[n]} correct") for n in models)
    yield from ((f"wrong {n}", f"{name} wrong") for n, name in enumerate(names))
