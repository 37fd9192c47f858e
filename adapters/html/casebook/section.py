"""The values of the template for single cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count

from gliobench.adapters.html.casebook.drawings import Json, drawing, packed, packed_volumes
from gliobench.adapters.html.casebook.rows import (
    COLUMNS,
    CaseRow,
    Cell,
    GradeOutcome,
    case_rows,
    models_of,
)
from gliobench.adapters.html.numbers import subgroup_name
from gliobench.adapters.html.templating import VIEWER, text
from gliobench.adapters.html.words import arm_colours
from gliobench.domain.comparison.casebook import Casebook
from gliobench.domain.comparison.strata import Stratifier, stratify
from gliobench.domain.comparison.worded import worded
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.predictions.prediction import FailureReason
from gliobench.domain.studies.grading_target import GRADE, POSITIVE, GradingTarget

OF_A_KIND = 2
PROPERTIES = tuple(by for by in Stratifier if by is not Stratifier.GRADE)
"""What divides the cases here; grades have a filter of their own."""


@dataclass(frozen=True, slots=True)
class FeaturedCase:
    """A case to open from elsewhere on the page.

    Args:
        number: Its position in the table.
        study_id: The study.
        kind: Why it is shown.
        caption: Its reference grade and the models' grades, in a few words.
    """

    number: int
    study_id: str
    kind: str
    caption: str


@dataclass(frozen=True, eq=False)
class Subgroup:
    """Cases that share a property.

    Args:
        number: Identifies it on the page.
        name: A tercile's with its limits.
        members: (N,) bool, by the rows of the table.
    """

    number: int
    name: str
    members: BoolArray


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


def case_section(book: Casebook, target: GradingTarget = GRADE) -> CaseSection:
    """Prepare a casebook for a page."""
    rows, models, names = case_rows(book), models_of(book), book.backends
    colours = arm_colours(names, book.baselines)
    groups = subgroups(rows)
    members = [group for _, found in groups for group in found]
    volumes = {
        n: files for n, row in enumerate(rows) if (files := packed_volumes(row.entry, names))
    }
    facts = {
        "backends": [{"name": name, "arm": colours[name]} for name in names],
        "order": sorted(range(len(names)), key=lambda n: names[n] in book.baselines),
        "models": models,
        "columns": [title for title, _ in COLUMNS],
        "findings": f"Reasons (log-odds of {POSITIVE})",
        "cases": [
            drawing(row, names) | {"groups": [of.number for of in members if of.members[n]]}
            for n, row in enumerate(rows)
        ],
    }
    return CaseSection(
        baselines=book.baselines,
        rows=rows,
        columns=COLUMNS,
        grades=tuple(sorted({row.grade for row in rows} - {""})),
        groups=groups,
        choices=tuple(_choices(names, models)),
        reasons=_reasons(rows),
        n_left_out=book.n_left_out,
        featured=featured_cases(rows, models),
        facts=worded(facts, target),
        volumes=volumes,
        viewer=_packed_viewer() if volumes else "",
        licences=text("niivue/LICENSES.txt") if volumes else "",
    )


def _reasons(rows: Sequence[CaseRow]) -> tuple[str, ...]:
    scores = (score for row in rows for score in row.entry.scores.values())
    found = {failure.reason for score in scores for failure in score.failures}
    return tuple(reason.value for reason in FailureReason if reason in found)


def featured_cases(rows: Sequence[CaseRow], models: list[int]) -> tuple[FeaturedCase, ...]:
    """Choose two worst cases, two on which several models disagree, and two typical ones.

    Args:
        rows: Worst first; those without a picture are never chosen.
        models: Positions of the backends that count.

    Returns:
        Each case once; fewer than six where there are fewer.
    """
    shown = [n for n, row in enumerate(rows) if row.picture]
    middle = (len(shown) - 1) / 2
    correct = [n for n in shown if GradeOutcome.RIGHT in rows[n].outcomes(models)]
    orders = (
        ("Worst", shown),
        ("Disagreement", [n for n in correct if rows[n].n_wrong(models)]),
        ("Typical", sorted(shown, key=lambda n: abs(shown.index(n) - middle))),
    )
    chosen: dict[int, FeaturedCase] = {}
    for kind, order in orders:
        for number in [n for n in order if n not in chosen][:OF_A_KIND]:
            row = rows[number]
            chosen[number] = FeaturedCase(number, row.study_id, kind, _caption(row, models))
    return tuple(chosen.values())


def subgroups(rows: Sequence[CaseRow]) -> tuple[tuple[str, tuple[Subgroup, ...]], ...]:
    """Divide the cases by each property that two subgroups or more differ in."""
    scores = [row.entry.any_score for row in rows]
    numbers = count()
    return tuple(
        (
            strata.by.capitalize(),
            tuple(
                Subgroup(
                    next(numbers),
                    subgroup_name(name, strata.edges, strata.unit),
                    strata.members(name),
                )
                for name in strata.names
            ),
        )
        for strata in (stratify(scores, by) for by in PROPERTIES)
        if len(strata.names) > 1
    )


@cache
def _packed_viewer() -> str:
    """Return NiiVue packed, as a page stores it until a volume is opened."""
    return packed(text(VIEWER).encode())


def _caption(row: CaseRow, models: list[int]) -> str:
    """Return the reference grade and the models' grades, or else the largest centre error."""
    n_graded = len(models) - row.outcomes(models).count(GradeOutcome.UNKNOWN)
    wrong = row.n_wrong(models)
    errors = [cell for n in models if (cell := row.answers[n].centre).key is not None]
    if n_graded == 1:
        result = "wrong" if wrong else "correct"
    elif n_graded:
        result = f"{wrong} of {n_graded} wrong" if wrong else "all correct"
    else:
        worst = max(errors, key=lambda cell: cell.key or 0, default=Cell())
        result = f"centre error {worst.brief}" * bool(errors)
    return ": ".join(filter(None, (row.grade, result)))


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
