"""Subgroups of a cohort by the columns of a table that a user has joined."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite, nan

import numpy as np

from gliobench.domain.comparison.strata import Strata, Stratifier, named, terciles
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.metadata_join import JoinedMetadata

MOST_VALUES, MOST_VALUES_NAMED = 8, 24
"""Values of a column that is taken by itself, and of one that is asked for by its name."""
LONGEST_VALUE = 60
"""Longer text is free text, which no report holds."""
LARGEST_NUMBER = 10_000
"""Whole numbers from here on may be dates or numbers of patients: such a column is asked for by name."""
FEWEST_NAMES = 4
"""So many values that are all different may be names."""
TERCILES = ("low", "middle", "high")


@dataclass(frozen=True, slots=True)
class ColumnChoice:
    """A column that divides the cohort.

    Args:
        name: As in the table, in any spelling that `column_key` takes for the same.
        cuts: Ascending numbers at which bins begin; without them values are subgroups, and numbers
            terciles.

    Raises:
        InvalidInputError: The cuts are not ascending numbers.
    """

    name: str
    cuts: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        pairs = pairwise(self.cuts)
        if not all(map(isfinite, self.cuts)) or any(low >= high for low, high in pairs):
            raise InvalidInputError(
                f"subgroups of {shown(self.name)} by {list(self.cuts)}: wanted ascending numbers"
            )


def column_strata(
    joined: JoinedMetadata, chosen: Sequence[ColumnChoice] = (), target: GradingTarget = GRADE
) -> list[Strata]:
    """Divide a cohort by columns.

    Args:
        joined: The table beside the cohort's studies.
        chosen: The columns; none takes those of two to eight values, and numbers by terciles, but
            neither names nor text, nor the column of the target.
        target: What is graded, by which the cohort is divided anyhow.

    Raises:
        InvalidInputError: A chosen column is not there, names studies, holds free text, or has cuts
            and holds no number.
    """
    taken = {target.in_words(by.value).lower() for by in Stratifier}
    if chosen:
        found = [_chosen(joined, choice) for choice in chosen]
    else:
        of_target = "" if target.is_grade else target.name
        found = [item for item in _suitable(joined) if item.by != of_target]
    return [
        replace(item, by=f"{item.by} (table)") if item.by.lower() in taken else item
        for item in found
    ]


def _chosen(joined: JoinedMetadata, choice: ColumnChoice) -> Strata:
    table = joined.table
    key = table.column(choice.name)
    cells, heading = joined.cells(key), _heading(joined, key)
    place = f"{table.place}: column {shown(heading)}"
    if key in joined.id_columns:
        raise InvalidInputError(f"{place} names studies or patients: it makes no subgroups")
    numbers = _numbers(joined, cells)
    if choice.cuts:
        joined.of_studies.check_numbers(key)
        if np.isnan(numbers).all() and any(cells):
            example = next(filter(None, cells))
            raise InvalidInputError(
                f"{place}: {shown(example)} is no number: wanted numbers with a decimal point"
            )
        return _bins(heading, numbers, choice.cuts)
    values = sorted(set(filter(None, cells)))
    if len(values) > MOST_VALUES and _all_numbers(cells, numbers):
        joined.of_studies.check_numbers(key)
        return terciles(numbers, heading, TERCILES)
    if len(values) > MOST_VALUES_NAMED or any(len(value) > LONGEST_VALUE for value in values):
        raise InvalidInputError(
            f"{place} has {len(values)} values, or long ones: wanted at most {MOST_VALUES_NAMED}, or "
            "numbers with cuts"
        )
    if len(values) >= FEWEST_NAMES and len(values) == sum(map(bool, cells)):
        raise InvalidInputError(
            f"{place} has another value for every study, as a name has: wanted cuts, or fewer values"
        )
    return _by_value(joined, heading, cells)


def _suitable(joined: JoinedMetadata) -> Iterator[Strata]:
    """Yield what every column gives that can be taken without being asked for.

    Values are taken where a value has two studies or more on average: others may be names.
    """
    for key in joined.table.headings:
        cells = joined.cells(key)
        values = set(filter(None, cells))
        if key in joined.id_columns or len(values) < 2:
            continue
        numbers = _numbers(joined, cells)
        are_numbers = _all_numbers(cells, numbers)
        if are_numbers and (_may_identify(numbers) or joined.of_studies.separated(key)):
            continue
        if are_numbers and len(values) > MOST_VALUES and joined.of_studies.code(key) is not None:
            continue
        if len(values) <= MOST_VALUES:
            if 2 * len(values) <= sum(map(bool, cells)) and max(map(len, values)) <= LONGEST_VALUE:
                yield _by_value(joined, _heading(joined, key), cells)
        elif are_numbers:
            yield terciles(numbers, _heading(joined, key), TERCILES)


def _by_value(joined: JoinedMetadata, heading: str, cells: Sequence[str | None]) -> Strata:
    texts = [None if cell is None else printable(cell) for cell in cells]
    return named(
        heading, texts, sorted(set(filter(None, texts)), key=lambda one: _order(joined, one))
    )


def _order(joined: JoinedMetadata, value: str) -> tuple[float, str]:
    """Sort numbers by size, before other text."""
    number = joined.table.number(value)
    return (inf if number is None else number), value


def _bins(heading: str, numbers: FloatArray, cuts: Sequence[float]) -> Strata:
    names = [
        f"< {cuts[0]:g}",
        *(f"{low:g}–{high:g}" for low, high in pairwise(cuts)),
        f"≥ {cuts[-1]:g}",
    ]
    labels = [
        None if np.isnan(item) else names[bisect_right(cuts, item)] for item in numbers.tolist()
    ]
    return named(heading, labels, names)


def _numbers(joined: JoinedMetadata, cells: Sequence[str | None]) -> FloatArray:
    found = [None if cell is None else joined.table.number(cell) for cell in cells]
    return np.array([nan if item is None else item for item in found], dtype=np.float64)


def _all_numbers(cells: Sequence[str | None], numbers: FloatArray) -> bool:
    return all(
        cell is None or not np.isnan(item) for cell, item in zip(cells, numbers, strict=True)
    )


def _may_identify(numbers: FloatArray) -> bool:
    known = numbers[~np.isnan(numbers)]
    return bool((known == np.round(known)).all() and np.abs(known).max() >= LARGEST_NUMBER)


def _heading(joined: JoinedMetadata, key: str) -> str:
    return printable(joined.table.headings[key])
