"""The subgroups by which cases are filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from gliobench.adapters.html.casebook.rows import CaseRow
from gliobench.adapters.html.numbers import number
from gliobench.domain.comparison.strata import Strata, Stratifier, stratify
from gliobench.domain.geometry.grids import BoolArray

PROPERTIES = tuple(by for by in Stratifier if by is not Stratifier.GRADE)
"""What divides the cases here; grades have a filter of their own."""


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


def subgroups(rows: Sequence[CaseRow]) -> tuple[tuple[str, tuple[Subgroup, ...]], ...]:
    """Divide the cases by each property that two subgroups or more differ in."""
    scores = [row.entry.any_score for row in rows]
    numbers = count()
    return tuple(
        (
            strata.by.value.capitalize(),
            tuple(
                Subgroup(next(numbers), _named(strata, part), strata.members(name))
                for part, name in enumerate(strata.names)
            ),
        )
        for strata in (stratify(scores, by) for by in PROPERTIES)
        if len(strata.names) > 1
    )


def _named(strata: Strata, part: int) -> str:
    if len(strata.edges) + 1 != len(strata.names):
        return strata.names[part]
    low, high = (number(edge, 0) for edge in strata.edges)
    limits = (f"up to {low}", f"{low} to {high}", f"over {high}")
    return f"{strata.names[part]} ({limits[part]} {strata.unit})"
