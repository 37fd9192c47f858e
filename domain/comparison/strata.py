"""Subgroups of a cohort: by tumour size, side, distance from the brain's centre, grade and site.

A subgroup is a property of the case, not of the backend, so all backends share it. Those of a user's
table are in `column_strata`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from math import isnan

import numpy as np

from gliobench.domain.evaluation.case_table import Cases, CaseTable
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.sampling import Indices
from gliobench.domain.studies.grading_target import GRADED, class_name
from gliobench.domain.studies.study import Grade

CROSSING_SHARE = 0.05
"""A tumour crosses the midline where at least this share of its volume lies on its smaller side.

The midline is the sagittal plane through the brain's centroid, which a large tumour shifts by some
millimetres: a thin rim beyond it is no crossing."""


class Stratifier(str, Enum):
    """The property that defines subgroups."""

    SIZE = "tumour size"
    LATERALITY = "laterality"
    ECCENTRICITY = "distance from the brain's centre"
    GRADE = GRADED
    SITE = "site"


class Laterality(str, Enum):
    """The patient's side that a tumour is on."""

    LEFT = "left"
    CROSSING = "crossing the midline"
    RIGHT = "right"


@dataclass(frozen=True, eq=False)
class Strata:
    """A cohort of N cases in subgroups.

    Args:
        by: The property, as a report calls it.
        names: The non-empty subgroups, in ascending order.
        part: (N,) int, each case's index into `names`; -1 where unknown.
        edges: For terciles, the largest value of the first and of the second; empty for others.
        unit: Unit of the edges.
    """

    by: str
    names: tuple[str, ...]
    part: Indices
    edges: tuple[float, ...] = ()
    unit: str = ""

    def members(self, name: str) -> BoolArray:
        """Return the members of a subgroup, (N,) bool; empty where there is no such subgroup."""
        index = self.names.index(name) if name in self.names else len(self.names)
        return np.asarray(self.part == index)


def laterality(right_share: float) -> Laterality | None:
    """Return the side of a tumour by its share there; None where that is NaN."""
    if isnan(right_share):
        return None
    if min(right_share, 1 - right_share) >= CROSSING_SHARE:
        return Laterality.CROSSING
    return Laterality.RIGHT if right_share > 0.5 else Laterality.LEFT


def stratify(cases: Cases, by: Stratifier) -> Strata:
    """Divide a cohort into subgroups.

    Args:
        cases: One per study, of any one run.
        by: Terciles are computed from these cases; equal values share a subgroup, so subgroups may
            differ in size or be empty.
    """
    return _RULES[by](CaseTable.of(cases))


def built_in_strata(cases: Cases) -> list[Strata]:
    """Divide a cohort by every property that is known without a table of the user's."""
    return [stratify(cases, by) for by in Stratifier]


def _by_size(table: CaseTable) -> Strata:
    names = ("small", "medium", "large")
    sized = ~np.isnan(table.volume_mm3)
    if table.on_one_plane[sized].all():  # slice thickness is no property of the tumour
        return terciles(table.area_mm2 / 100, Stratifier.SIZE.value, names, unit="cm²")
    return terciles(table.volume_mm3 / 1000, Stratifier.SIZE.value, names, unit="ml")


def _by_eccentricity(table: CaseTable) -> Strata:
    names = ("central", "intermediate", "peripheral")
    return terciles(table.from_brain_mm, Stratifier.ECCENTRICITY.value, names, unit="mm")


def _by_laterality(table: CaseTable) -> Strata:
    sides = [laterality(share) for share in table.right_share.tolist()]
    order = [side.value for side in Laterality]
    return named(
        Stratifier.LATERALITY.value, [side.value if side else None for side in sides], order
    )


def _by_grade(table: CaseTable) -> Strata:
    grades = [class_name(grade) if grade else None for grade in table.reference_grades]
    return named(Stratifier.GRADE.value, grades, list(map(class_name, Grade)))


def _by_site(table: CaseTable) -> Strata:
    sites: list[str | None] = table.sites.tolist()
    return named(Stratifier.SITE.value, sites, sorted({site for site in sites if site is not None}))


_RULES: Mapping[Stratifier, Callable[[CaseTable], Strata]] = {
    Stratifier.SIZE: _by_size,
    Stratifier.LATERALITY: _by_laterality,
    Stratifier.ECCENTRICITY: _by_eccentricity,
    Stratifier.GRADE: _by_grade,
    Stratifier.SITE: _by_site,
}


def terciles(
    numbers: FloatArray, by: str, names: tuple[str, str, str], *, unit: str = ""
) -> Strata:
    """Divide cases by terciles of a number, (N,); NaN is unknown."""
    known = np.sort(numbers[~np.isnan(numbers)])
    if not known.size:
        return named(by, [None] * len(numbers), names)
    # "inverted_cdf" gives an edge that is a case's own value
    first, second = np.quantile(known, (1 / 3, 2 / 3), method="inverted_cdf")
    labels = [
        None if isnan(item) else names[int(item > first) + int(item > second)]
        for item in numbers.tolist()
    ]
    divided = named(by, labels, names)
    return Strata(by, divided.names, divided.part, edges=(float(first), float(second)), unit=unit)


def named(by: str, labels: Sequence[str | None], order: Sequence[str]) -> Strata:
    """Divide cases by labels, one a case; None is unknown."""
    there = set(labels)
    names = tuple(name for name in order if name in there)
    place: dict[str | None, int] = {name: index for index, name in enumerate(names)}
    return Strata(by, names, np.array([place.get(label, -1) for label in labels], dtype=np.intp))
