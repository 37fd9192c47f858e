"""The measures by which BraTS scored a task."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.domain.labels.conventions import years_of
from gliobench.domain.metrics.measures import MeasureSet

YEARS: Mapping[MeasureSet, range] = {
    MeasureSet.BRATS_2023: range(2023, 2026),
    MeasureSet.BRATS_2026: range(2026, 2027),
}
"""When each rule was BraTS's own."""


def default_sets(convention: str | None) -> tuple[MeasureSet, ...]:
    """Return the rules of the years in which BraTS used a label convention.

    Args:
        convention: Its name; None where there is no mask of labels.
    """
    used = years_of(convention or "")
    return tuple(item for item, years in YEARS.items() if any(year in used for year in years))
