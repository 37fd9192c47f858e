"""Tables of scores of the same studies, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import BoolArray

ROUNDED = 3
"""Decimals of mm³ to which two runs have to agree on a tumour."""


def align(tables: Sequence[CaseTable]) -> list[CaseTable]:
    """Keep the studies that all tables have, in the order of their ids; each once, the last."""
    first = tables[0].study_ids
    if all(table.study_ids is first for table in tables) and (first[1:] > first[:-1]).all():
        return list(tables)
    places = [{item: at for at, item in enumerate(table.study_ids.tolist())} for table in tables]
    ids = sorted(set(places[0]).intersection(*places[1:]))
    return [
        table
        if table.study_ids.tolist() == ids
        else table.take(np.fromiter((place[item] for item in ids), np.intp, len(ids)))
        for table, place in zip(tables, places, strict=True)
    ]


def differ_in_truth(one: CaseTable, other: CaseTable) -> BoolArray:
    """(N,) bool, where two tables of the same studies were scored against different references."""
    exact = ("patient", "reference", "tumour_free", "plane_axis", "plane_index")
    if all(one.columns[name] is other.columns[name] for name in (*exact, "volume_mm3")):
        return np.zeros(len(one), dtype=np.bool_)
    apart = [one.columns[name] != other.columns[name] for name in exact]
    first, second = (np.round(table.volume_mm3, ROUNDED) for table in (one, other))
    apart.append((first != second) & ~(np.isnan(first) & np.isnan(second)))
    return np.asarray(np.logical_or.reduce(apart), dtype=np.bool_)


def sharing(table: CaseTable, other: CaseTable) -> CaseTable:
    """Hold columns that equal those of another table as one array with it.

    Of a run over the same cohort that is half of them: names, facts and references.
    """
    return CaseTable(
        {
            name: other.columns[name] if _equal(values, other.columns.get(name)) else values
            for name, values in table.columns.items()
        }
    )


def _equal(values: NDArray[Any], others: NDArray[Any] | None) -> bool:
    if others is None or values.dtype != others.dtype:
        return False
    return np.array_equal(values, others, equal_nan=values.dtype.kind == "f")
