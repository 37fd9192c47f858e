"""Parts of a cohort that may be read better or worse: by size, side, eccentricity, grade and site.

A stratum is a fact of the case, not of the backend, so all backends share it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.evaluation.target_facts import TargetFacts
from gliobench.domain.geometry import BoolArray, FloatArray
from gliobench.domain.statistics.sampling import Indices
from gliobench.domain.study import Grade

CROSSING_SHARE = 0.05
"""A tumour crosses the midline where at least this share of its volume lies on its smaller side.

The midline is the sagittal plane through the brain's centroid, which a large tumour shifts by some
millimetres: a thin rim beyond it is no crossing."""


class Stratifier(str, Enum):
    """What a cohort is parted by."""

    SIZE = "tumour size"
    LATERALITY = "laterality"
    ECCENTRICITY = "distance from the brain's centre"
    GRADE = "grade"
    SITE = "site"


class Laterality(str, Enum):
    """The patient's side that a tumour is on."""

    LEFT = "left"
    CROSSING = "crossing the midline"
    RIGHT = "right"


@dataclass(frozen=True, eq=False)
class Strata:
    """A cohort of N cases in parts.

    Args:
        by: What parts it.
        names: The parts that hold a case, in rising order.
        part: (N,) int, each case's index into `names`; -1 where it is not known.
        edges: Of terciles, the largest value of the first and of the second; empty for others.
        unit: Of the edges.
    """

    by: Stratifier
    names: tuple[str, ...]
    part: Indices
    edges: tuple[float, ...] = ()
    unit: str = ""

    @property
    def n_unknown(self) -> int:
        """Cases in no part."""
        return int((self.part < 0).sum())

    def members(self, name: str) -> BoolArray:
        """Tell who is in a part, (N,) bool; nobody where there is no such part."""
        index = self.names.index(name) if name in self.names else len(self.names)
        return np.asarray(self.part == index)


def laterality(target: TargetFacts) -> Laterality | None:
    """Say which side a tumour is on; None where the brain is not known."""
    share = target.right_share
    if share is None:
        return None
    if min(share, 1 - share) >= CROSSING_SHARE:
        return Laterality.CROSSING
    return Laterality.RIGHT if share > 0.5 else Laterality.LEFT


def stratify(cases: Sequence[CaseScore], by: Stratifier) -> Strata:
    """Part a cohort.

    Args:
        cases: One a study, of any one run.
        by: Terciles are of these cases, by value: equal values share a part, so that parts may
            differ in size, and a part may be empty.
    """
    return _RULES[by](cases)


def _by_size(cases: Sequence[CaseScore]) -> Strata:
    volumes = [case.target.volume_mm3 / 1000 if case.target else np.nan for case in cases]
    return _terciles(volumes, Stratifier.SIZE, ("small", "medium", "large"), unit="ml")


def _by_eccentricity(cases: Sequence[CaseScore]) -> Strata:
    found = [case.target.from_brain_mm if case.target else None for case in cases]
    distances = [np.nan if one is None else one for one in found]
    names = ("central", "between", "peripheral")
    return _terciles(distances, Stratifier.ECCENTRICITY, names, unit="mm")


def _by_laterality(cases: Sequence[CaseScore]) -> Strata:
    sides = [laterality(case.target) if case.target else None for case in cases]
    order = [side.value for side in Laterality]
    return _named(Stratifier.LATERALITY, [side.value if side else None for side in sides], order)


def _by_grade(cases: Sequence[CaseScore]) -> Strata:
    grades = [case.reference_grade.value if case.reference_grade else None for case in cases]
    return _named(Stratifier.GRADE, grades, [grade.value for grade in Grade])


def _by_site(cases: Sequence[CaseScore]) -> Strata:
    sites = [case.site for case in cases]
    return _named(Stratifier.SITE, sites, sorted({site for site in sites if site is not None}))


_RULES: Mapping[Stratifier, Callable[[Sequence[CaseScore]], Strata]] = {
    Stratifier.SIZE: _by_size,
    Stratifier.LATERALITY: _by_laterality,
    Stratifier.ECCENTRICITY: _by_eccentricity,
    Stratifier.GRADE: _by_grade,
    Stratifier.SITE: _by_site,
}


def _terciles(
    values: Sequence[float], by: Stratifier, names: tuple[str, str, str], *, unit: str
) -> Strata:
    numbers: FloatArray = np.array(values, dtype=np.float64)
    known = np.sort(numbers[~np.isnan(numbers)])
    if not known.size:
        return _named(by, [None] * len(numbers), names)
    # "inverted_cdf" gives an edge that is a case's own value
    first, second = np.quantile(known, (1 / 3, 2 / 3), method="inverted_cdf")
    labels = [
        None if np.isnan(one) else names[int(one > first) + int(one > second)] for one in numbers
    ]
    parted = _named(by, labels, names)
    return Strata(by, parted.names, parted.part, edges=(float(first), float(second)), unit=unit)


def _named(by: Stratifier, labels: Sequence[str | None], order: Sequence[str]) -> Strata:
    there = set(labels)
    names = tuple(name for name in order if name in there)
    place: dict[str | None, int] = {name: index for index, name in enumerate(names)}
    return Strata(by, names, np.array([place.get(one, -1) for one in labels], dtype=np.intp))
