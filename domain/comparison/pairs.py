"""Pairwise differences of backends, and their tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import LEADING, POINT_ERROR, Endpoint
from gliobench.domain.comparison.failed_studies import FailedStudies
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
from gliobench.domain.comparison.paired_grades import (
    DrawnGrades,
    GradedStudies,
    detectable_accuracy,
    detectable_auroc,
    every_two,
    grading_p,
    paired_auroc,
    right_grades,
    right_p,
)
from gliobench.domain.comparison.paired_places import (
    NOT_LOCALISED,
    PairedScores,
    PlacedStudies,
)
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.statistics.estimate import NotEstimable


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
            means=places.means(every_two(list(cases)), seed=bootstrap.seed),
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
    return [_pair(*two, studies, primary, seed=seed) for two in every_two(studies.names)]


def _pair(
    first: str, second: str, studies: ComparedStudies, primary: Endpoint, *, seed: int
) -> Pair:
    grades, failed = studies.grades, studies.failed
    both = grades.has(first, second)
    pair = Pair(
        first=first,
        second=second,
        differences=tuple(studies.differences(first, second)),
        right=right_grades(grades, first, second) if both else {},
        auroc=paired_auroc(grades, first, second),
        answered=failed.answered(first, second),
        shifts=studies.places.shifts(first, second),
        tests=(),
        claims={},
        detectable=None,
    )
    detectable = None
    if both:
        detectable = Detectable(
            detectable_accuracy(grades, pair.right["all"]), detectable_auroc(grades, first, second)
        )
    p = failed.p(pair.answered, first, second, seed=seed)
    tests = (
        *_placing_tests(pair, studies.places, studies.means, primary, seed=seed),
        Test(Family.LEAD, FAILURES, p, p),
        *_grading_tests(pair, grades, primary, seed=seed),
    )
    return replace(pair, tests=tests, detectable=detectable)


def _placing_tests(
    pair: Pair, places: PlacedStudies, means: PairedScores, primary: Endpoint, *, seed: int
) -> Iterator[Test]:
    """List the uncorrected tests of localisation."""
    names, in_lead = (pair.first, pair.second), {primary, POINT_ERROR}
    if primary.form and (*names, primary) not in means:
        yield Test(Family.LEAD, primary.name, NOT_LOCALISED, NOT_LOCALISED)
    for endpoint in places.shared(*names):
        if endpoint in in_lead or endpoint.measure.is_mean:
            family, p = _family(endpoint, in_lead, Family.MEANS), means[*names, endpoint].p
            yield Test(family, endpoint.name, p, p)
    for endpoint in LEADING:
        shift = pair.shifts.get(endpoint.form) if endpoint.form else None
        if shift is not None:
            p = (
                shift
                if isinstance(shift, NotEstimable)
                else places.shift_p(endpoint, shift, *names, seed=seed)
            )
            family = _family(endpoint, in_lead, Family.LOCALISATION)
            yield Test(family, ranks_of(endpoint) if endpoint in in_lead else endpoint.name, p, p)


def _family(endpoint: Endpoint, in_lead: set[Endpoint], otherwise: Family) -> Family:
    return Family.LEAD if endpoint in in_lead else otherwise


def _grading_tests(
    pair: Pair, grades: GradedStudies, primary: Endpoint, *, seed: int
) -> Iterator[Test]:
    """List the uncorrected tests of grading."""
    p: PValue
    names = (pair.first, pair.second)
    if not primary.form:
        p = grading_p(grades, primary, *names, seed=seed)
        yield Test(Family.LEAD, primary.name, p, p)
    for part, right in pair.right.items():
        family = Family.GRADES if part == "all" else Family.WITHIN_GRADES
        if isinstance(right, NotEstimable):
            p = right
        else:
            p = right_p(grades, part, right, *names, seed=seed)
        yield Test(family, part, p, p)
    if pair.right:
        p = pair.auroc if isinstance(pair.auroc, NotEstimable) else pair.auroc.p
        yield Test(Family.AUROC, "auroc", p, p)
