"""Pairwise differences of backends, and their tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import LEADING, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import (
    FAILURES,
    Detectable,
    Difference,
    Family,
    Pair,
    PValue,
    Test,
    ranks_of,
)
from gliobench.domain.comparison.paired_grades import DrawnGrades, GradedPair, GradedStudies, p_of
from gliobench.domain.comparison.paired_places import NOT_LOCALISED, PairedScores, PlacedStudies
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.geometry.grids import BoolArray
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar
from gliobench.domain.statistics.sampling import Indices, numbered
from gliobench.domain.statistics.swapping import swap_tests

FEWEST = 6
"""Minimum number of studies with a failure of exactly one of two backends: with fewer, no p can fall
below 0.05, so there is nothing to test (Tarone, Biometrics 1990)."""


@dataclass(frozen=True, eq=False)
class ComparedStudies:
    """The shared studies, and what is computed of all pairs at once.

    Args:
        names: Of the backends.
        grades: What they said of the grades.
        drawn: Grading measures of drawn cohorts; None without graders.
        places: How well they placed the tumours.
        means: Of all pairs.
        failed: Where they failed.
    """

    names: tuple[str, ...]
    grades: GradedStudies
    drawn: DrawnGrades | None
    places: PlacedStudies
    means: PairedScores
    failed: FailedStudies

    @classmethod
    def of(cls, cases: Mapping[str, CaseTable], bootstrap: BootstrapOptions) -> ComparedStudies:
        """Gather runs over the same studies, in the same order."""
        grades, places = GradedStudies.of(cases), PlacedStudies.of(cases)
        options = {"replicates": bootstrap.replicates, "seed": bootstrap.seed}
        return cls(
            names=tuple(cases),
            grades=grades,
            drawn=DrawnGrades.of(grades, **options) if grades.called and grades.patients else None,
            places=places,
            means=places.means(list(combinations(cases, 2)), seed=bootstrap.seed),
            failed=FailedStudies.of(cases),
        )

    def differences(self, first: str, second: str) -> Iterator[Difference]:
        """Estimate what two backends differ by, in every endpoint that both answer."""
        drawn = self.drawn.differences(first, second) if self.drawn else {}
        yield from (Difference(endpoint, value) for endpoint, value in drawn.items())
        for endpoint in self.places.shared(first, second):
            yield Difference(endpoint, self.means[first, second, endpoint].difference)


def compare_pairs(studies: ComparedStudies, primary: Endpoint, *, seed: int) -> list[Pair]:
    """Compare all pairs of backends; tests are uncorrected, and no claims are made."""
    return [_pair(*two, studies, primary, seed=seed) for two in combinations(studies.names, 2)]


def _pair(
    first: str, second: str, studies: ComparedStudies, primary: Endpoint, *, seed: int
) -> Pair:
    graded = GradedPair(studies.grades, (first, second))
    right, auroc = graded.right(), graded.auroc()
    pair = Pair(
        first=first,
        second=second,
        differences=tuple(studies.differences(first, second)),
        right=right,
        auroc=auroc,
        answered=studies.failed.answered(first, second),
        shifts=studies.places.shifts(first, second),
        tests=(),
        claims={},
        detectable=Detectable(
            graded.detectable_accuracy(right["all"]), graded.detectable_auroc(auroc)
        )
        if right
        else None,
    )
    found = (
        *_placing_tests(pair, studies, primary, seed=seed),
        (Family.LEAD, FAILURES, studies.failed.p(pair.answered, first, second, seed=seed)),
        *_grading_tests(pair, graded, primary, seed=seed),
    )
    return replace(pair, tests=tuple(Test(family, of, p, p) for family, of, p in found))


def _placing_tests(
    pair: Pair, studies: ComparedStudies, primary: Endpoint, *, seed: int
) -> Iterator[tuple[Family, str, PValue]]:
    """List the uncorrected tests of localisation."""
    names, in_lead = (pair.first, pair.second), {primary, POINT_ERROR}
    if primary.form and (*names, primary) not in studies.means:
        yield Family.LEAD, primary.name, NOT_LOCALISED
    for endpoint in studies.places.shared(*names):
        if endpoint in in_lead or endpoint.measure.is_mean:
            family = Family.LEAD if endpoint in in_lead else Family.MEANS
            yield family, endpoint.name, studies.means[*names, endpoint].p
    for endpoint in LEADING:
        shift = pair.shifts.get(endpoint.form) if endpoint.form else None
        if shift is not None:
            p = studies.places.shift_p(endpoint, shift, names, seed=seed)
            if endpoint in in_lead:
                yield Family.LEAD, ranks_of(endpoint), p
            else:
                yield Family.LOCALISATION, endpoint.name, p


def _grading_tests(
    pair: Pair, graded: GradedPair, primary: Endpoint, *, seed: int
) -> Iterator[tuple[Family, str, PValue]]:
    """List the uncorrected tests of grading."""
    if not primary.form:
        yield Family.LEAD, primary.name, graded.p(primary, seed=seed)
    for part, right in pair.right.items():
        family = Family.GRADES if part == "all" else Family.WITHIN_GRADES
        yield family, part, graded.right_p(part, right, seed=seed)
    if pair.right:
        yield Family.AUROC, "auroc", p_of(pair.auroc)


@dataclass(frozen=True, eq=False)
class FailedStudies:
    """Where B backends failed, in a grade or a form.

    Args:
        patients: (N,) whose studies they are, by number.
        failed: By backend, (N,) bool.
    """

    patients: Indices
    failed: Mapping[str, BoolArray]

    @classmethod
    def of(cls, tables: Mapping[str, CaseTable]) -> FailedStudies:
        """Gather the failures of runs over the same studies, in the same order."""
        first = next(iter(tables.values()))
        return cls(
            numbered(first.patients.tolist()),
            {name: table.has_failed for name, table in tables.items()},
        )

    def answered(self, first: str, second: str) -> McNemar | NotEstimable:
        """Count the studies that exactly one of two backends answered completely."""
        return mcnemar(first_right=~self.failed[first], second_right=~self.failed[second])

    def p(
        self, answered: McNemar | NotEstimable, first: str, second: str, *, seed: int
    ) -> float | NotEstimable:
        """Test failure rates by McNemar's exact test, or by permutation for repeated patients."""
        if isinstance(answered, NotEstimable):
            return answered
        if answered.only_first + answered.only_second < FEWEST:
            return NotEstimable(f"just one of the two failed in fewer than {FEWEST} studies")
        if self.patients.max() + 1 == len(self.patients):
            return answered.exact_p
        apart = self.failed[first].astype(np.float64) - self.failed[second]
        (p,) = swap_tests([apart], self.patients, seed=seed)
        return p
