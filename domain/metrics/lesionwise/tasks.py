"""What the rules of the challenges make of each BraTS task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gliobench.domain.metrics.lesionwise.brats2023 import GLI_2023, MEN_2023, MET_2023, Rule2023


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
