"""What the rules of the challenges make of each BraTS task, and which of them were its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gliobench.domain.labels.conventions import years_of
from gliobench.domain.metrics.lesionwise.brats2023 import GLI_2023, MEN_2023, MET_2023, Rule2023
from gliobench.domain.metrics.measures import MeasureSet

YEARS: Mapping[MeasureSet, range] = {
    MeasureSet.BRATS_2023: range(2023, 2026),
    MeasureSet.BRATS_2026: range(2026, 2027),
}
"""When each rule was BraTS's own."""


@dataclass(frozen=True, slots=True)
class Task:
    """How a task is scored.

    Args:
        rule_2023: Of 2023 to 2025.
        counts_all: Whether misses and false alarms count in the means of 2026.
    """

    rule_2023: Rule2023 = GLI_2023
    counts_all: bool = False


GLIOMA = Task()
"""Also of what is no task of BraTS."""
MENINGIOMA = Task(MEN_2023)
METASTASES = Task(MET_2023, counts_all=True)
_TASKS: Mapping[str, Task] = {"brats-men-": MENINGIOMA, "brats-met-": METASTASES}


def task_of(convention: str | None) -> Task:
    """Return the task of a label convention, by its name; of glioma where it is of no other."""
    name = convention or ""
    return next((task for start, task in _TASKS.items() if name.startswith(start)), GLIOMA)


def default_sets(convention: str | None) -> tuple[MeasureSet, ...]:
    """Return the rules of the years in which BraTS used a label convention.

    Args:
        convention: Its name; None where there is no mask of labels.
    """
    used = years_of(convention or "")
    return tuple(item for item, years in YEARS.items() if any(year in used for year in years))
