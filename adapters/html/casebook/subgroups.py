"""The subgroups by which cases are filtered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from gliobench.adapters.html.casebook.rows import CaseRow
from gliobench.adapters.html.numbers import subgroup_name
from gliobench.domain.comparison.strata import Stratifier, stratify
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
