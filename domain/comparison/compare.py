"""How the scores of several runs become one comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gliobench.domain.comparison.arms import Drawing, Entrant, describe_arm
from gliobench.domain.comparison.audits import ScoredRun
from gliobench.domain.comparison.endpoints import (
    BALANCED_ACCURACY,
    LEADING,
    Endpoint,
    PrimaryChoice,
)
from gliobench.domain.comparison.flow import follow
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
from gliobench.domain.comparison.paired_places import PlacedStudies
from gliobench.domain.comparison.parted import part_cohort
from gliobench.domain.comparison.result import (
    Comparison,
    Detectable,
    Difference,
    Family,
    Pair,
    PValue,
    Test,
)
from gliobench.domain.comparison.site_audit import audit_sites
from gliobench.domain.evaluation.case_table import CaseTable, align
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.evaluation.report import BASELINE, CohortDescription
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.placements import brains_mm
from gliobench.domain.statistics.bootstrap import Replicates
from gliobench.domain.statistics.estimate import Measured, NotEstimable
from gliobench.domain.statistics.multiplicity import holm


def shared_studies(runs: Sequence[ScoredRun]) -> dict[str, CaseTable]:
    """Keep the studies that all runs have scores of, in the order of their ids, by run."""
    tables = align([run.cases for run in runs])
    return {run.backend: table for run, table in zip(runs, tables, strict=True)}


def compare(
    entrants: Sequence[Entrant],
    *,
    cohort: CohortDescription,
    findings: Sequence[Finding],
    primary: Endpoint = BALANCED_ACCURACY,
    primary_choice: PrimaryChoice = PrimaryChoice.LATER,
    drawing: Drawing | None = None,
    versions: Mapping[str, str] | None = None,
) -> Comparison:
    """Compare runs over one cohort, on the studies that all of them have.

    Args:
        entrants: Two or more, audited.
        cohort: The shared studies, described.
        findings: What the audit found.
        primary: The endpoint that decides.
        primary_choice: How that was chosen.
        drawing: Of the bootstraps and permutations.
        versions: Of gliobench and the libraries that compute.
    """
    drawing = drawing or Drawing()
    cases = shared_studies([entrant.run for entrant in entrants])
    priors = {
        one.run.backend: cases[one.run.backend]
        for one in entrants
        if BASELINE in (one.run.provenance or {})
    }
    arms = tuple(describe_arm(one, cases[one.run.backend], priors, drawing) for one in entrants)
    brains = brains_mm(next(iter(cases.values())))
    return Comparison(
        cohort=cohort,
        flow=follow([one.run for one in entrants], cases),
        primary=primary,
        primary_choice=primary_choice,
        brains=Cloud.of(brains) if len(brains) else None,
        arms=arms,
        pairs=_adjusted(_pairs(cases, primary, drawing)) if cohort.is_ranked else (),
        strata=tuple(part_cohort(cases, seed=drawing.seed)),
        sites=audit_sites(next(iter(cases.values()))),
        findings=tuple(findings),
        seed=drawing.seed,
        replicates=drawing.replicates,
        versions=dict(versions or {}),
    )


def _pairs(cases: Mapping[str, CaseTable], primary: Endpoint, drawing: Drawing) -> list[Pair]:
    grades, places = GradedStudies.of(cases), PlacedStudies.of(cases)
    options = {"replicates": drawing.replicates, "seed": drawing.seed}
    graded = DrawnGrades.of(grades, **options) if grades.called and grades.patients else None
    placed = places.draw(**options) if places.scores else None
    return [
        _pair(first, second, (grades, graded), (places, placed), primary, seed=drawing.seed)
        for first, second in every_two(list(cases))
    ]


def _pair(
    first: str,
    second: str,
    graded: tuple[GradedStudies, DrawnGrades | None],
    placed: tuple[PlacedStudies, Replicates | None],
    primary: Endpoint,
    *,
    seed: int,
) -> Pair:
    (grades, drawn_grades), (places, drawn_places) = graded, placed
    differences: dict[Endpoint, Measured] = {}
    if drawn_grades is not None:
        differences |= drawn_grades.differences(first, second)
    if drawn_places is not None:
        differences |= places.differences(drawn_places, first, second)
    both = grades.has(first, second)
    pair = Pair(
        first=first,
        second=second,
        differences=tuple(Difference(one, value) for one, value in differences.items()),
        right=right_grades(grades, first, second) if both else {},
        auroc=paired_auroc(grades, first, second),
        shifts=places.shifts(first, second),
        tests=(),
        detectable=None,
    )
    detectable = None
    if both:
        detectable = Detectable(
            detectable_accuracy(grades, pair.right["all"]), detectable_auroc(grades, first, second)
        )
    tests = tuple(_tests(pair, grades, places, primary, seed=seed))
    return replace(pair, tests=tests, detectable=detectable)


def _tests(
    pair: Pair, grades: GradedStudies, places: PlacedStudies, primary: Endpoint, *, seed: int
) -> Iterator[Test]:
    """List a pair's tests, not corrected yet."""
    p: PValue
    names = (pair.first, pair.second)
    if primary.form:
        p = places.p(primary, *names, seed=seed)
    else:
        p = grading_p(grades, primary, *names, seed=seed)
    yield Test(Family.PRIMARY, primary.name, p, p)
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
    for endpoint in LEADING:
        shift = pair.shifts.get(endpoint.form) if endpoint.form else None
        if shift is not None:
            if isinstance(shift, NotEstimable):
                p = shift
            else:
                p = places.shift_p(endpoint, shift, *names, seed=seed)
            yield Test(Family.LOCALISATION, endpoint.name, p, p)


def _adjusted(pairs: Sequence[Pair]) -> tuple[Pair, ...]:
    """Correct each family over all pairs; a test that could not be made is none of it."""
    corrected: dict[tuple[str, str, Family, str], float] = {}
    for family in Family:
        made = [
            ((pair.first, pair.second, family, test.of), test.p)
            for pair in pairs
            for test in pair.tests
            if test.family is family and isinstance(test.p, float)
        ]
        adjusted = holm([p for _, p in made])
        corrected |= dict(zip([key for key, _ in made], adjusted, strict=True))
    return tuple(
        replace(
            pair,
            tests=tuple(
                replace(
                    test,
                    adjusted=corrected.get((pair.first, pair.second, test.family, test.of), test.p),
                )
                for test in pair.tests
            ),
        )
        for pair in pairs
    )
