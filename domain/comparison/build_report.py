"""Computation of a report from the scores of one or more runs, and of the claims that all tests support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gliobench.domain.comparison.arms import BootstrapOptions, Entrant, describe_arm
from gliobench.domain.comparison.cohort import CohortDescription, follow
from gliobench.domain.comparison.endpoints import (
    BALANCED_ACCURACY,
    GRADING,
    LOCALISATION,
    Endpoint,
    PrimaryChoice,
)
from gliobench.domain.comparison.pair import TRACKING, Family, Pair, Test, Tracking
from gliobench.domain.comparison.pairs import ComparedStudies, compare_pairs
from gliobench.domain.comparison.rank_backends import rank_backends
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.comparison.run_audits import ScoredRun
from gliobench.domain.comparison.score_by_subgroup import compare_subgroups, score_by_subgroup
from gliobench.domain.comparison.site_audit import audit_sites
from gliobench.domain.comparison.strata import Strata, built_in_strata
from gliobench.domain.evaluation.alignment import align
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.evaluation.findings import Finding
from gliobench.domain.position.clouds import Cloud
from gliobench.domain.position.placements import brains_mm
from gliobench.domain.position.tracking import FOLLOWS, HARDLY
from gliobench.domain.statistics.estimate import Estimate, Interval, Measured
from gliobench.domain.statistics.multiplicity import holm


def shared_studies(runs: Sequence[ScoredRun]) -> dict[str, CaseTable]:
    """Keep the studies that all runs have scores of, in the order of their ids, by run."""
    tables = align([run.cases for run in runs])
    return {run.backend: table for run, table in zip(runs, tables, strict=True)}


def build_report(
    entrants: Sequence[Entrant],
    *,
    cohort: CohortDescription,
    findings: Sequence[Finding],
    primary: Endpoint = BALANCED_ACCURACY,
    primary_choice: PrimaryChoice = PrimaryChoice.LATER,
    bootstrap: BootstrapOptions | None = None,
    versions: Mapping[str, str] | None = None,
    columns: Sequence[Strata] = (),
) -> Report:
    """Describe runs over one cohort, alone and in pairs, on the studies that all of them have.

    Args:
        entrants: One or more, audited.
        cohort: The shared studies, described.
        findings: What the audit found.
        primary: The endpoint that decides.
        primary_choice: How that was chosen.
        bootstrap: Of the bootstraps and permutations.
        versions: Of gliobench and the libraries that compute.
        columns: How a user's table divides the shared studies, in their order.
    """
    bootstrap = bootstrap or BootstrapOptions()
    cases = shared_studies([entrant.run for entrant in entrants])
    priors = {
        item.run.backend: cases[item.run.backend] for item in entrants if item.run.facts.baseline
    }
    described = [
        describe_arm(item, cases[item.run.backend], priors, bootstrap) for item in entrants
    ]
    rivals = len(cases) > 1 and cohort.is_ranked
    compared = ComparedStudies.of(cases, bootstrap) if rivals else None
    pairs = compare_pairs(compared, primary, seed=bootstrap.seed) if compared else []
    families = {
        item.run.backend: item.run.facts.family for item in entrants if item.run.facts.family
    }
    rankings = rank_backends(cases, compared, primary, families, bootstrap) if compared else []
    tests, claiming = draw_claims([_follows(arm) for arm in described], pairs, primary)
    arms = tuple(_tracking(arm, test) for arm, test in zip(described, tests, strict=True))
    first = next(iter(cases.values()))
    strata = [*built_in_strata(first), *columns]
    brains = brains_mm(first)
    return Report(
        cohort=cohort,
        flow=follow([item.run for item in entrants], cases),
        primary=primary,
        primary_choice=primary_choice,
        brains=Cloud.of(brains) if len(brains) else None,
        arms=arms,
        pairs=claiming,
        subgroups=tuple(score_by_subgroup(cases, strata, seed=bootstrap.seed)),
        subgroup_tests=tuple(compare_subgroups(cases, strata, seed=bootstrap.seed))
        if cohort.is_ranked
        else (),
        sites=audit_sites(first),
        findings=tuple(findings),
        seed=bootstrap.seed,
        replicates=bootstrap.replicates,
        versions=dict(versions or {}),
        rankings=tuple(rankings),
    )


def _follows(arm: Arm) -> Test | None:
    """Return the uncorrected test of whether points follow the tumour."""
    if arm.points is None:
        return None
    return Test(Family.LEAD, TRACKING, p=arm.points.tracking_p, adjusted=arm.points.tracking_p)


def _tracking(arm: Arm, test: Test | None) -> Arm:
    if arm.points is None:
        return arm
    return replace(arm, follows=test, tracking=tracking_claim(arm.points.tracking, test))


def draw_claims(
    following: Sequence[Test | None], pairs: Sequence[Pair], primary: Endpoint
) -> tuple[tuple[Test | None, ...], tuple[Pair, ...]]:
    """Correct each family over all backends and pairs, and derive the supported claims.

    A test that could not be computed belongs to no family. The primary endpoint has half of the level of
    the family of the report's claims, which are jointly false in at most 5 % of cohorts.

    Args:
        following: Tests of whether points follow the tumour, by backend.
        pairs: All pairs of backends, with uncorrected tests.
        primary: The primary endpoint.
    """
    tests = [test for test in following if test] + [test for pair in pairs for test in pair.tests]
    found: dict[int, Test] = {}
    for family in Family:
        made = [test for test in tests if test.family is family and isinstance(test.p, float)]
        p = [test.p for test in made if isinstance(test.p, float)]
        corrected = holm(p, _weights(made, primary))
        for test, adjusted in zip(made, corrected, strict=True):
            found[id(test)] = replace(test, adjusted=adjusted)
    return (
        tuple(test and found.get(id(test), test) for test in following),
        tuple(
            _claiming(pair, [found.get(id(test), test) for test in pair.tests]) for pair in pairs
        ),
    )


def tracking_claim(index: Measured, test: Test | None) -> Tracking | None:
    """Return whether answers follow the tumour: both by the index's interval and the corrected test."""
    sure = test is not None and test.is_significant
    if not sure or not isinstance(index, Estimate) or not isinstance(index.interval, Interval):
        return None
    if index.interval.low > FOLLOWS:
        return Tracking.FOLLOWS
    return Tracking.HARDLY if index.interval.high < HARDLY else None


def _weights(tests: Sequence[Test], primary: Endpoint) -> list[float]:
    """Return the primary endpoint half of the level of the report's claims, over all pairs."""
    first = [test.family is Family.LEAD and test.of == primary.name for test in tests]
    others = len(tests) - sum(first)
    return [1 / sum(first) if item else 1 / others for item in first]


def _claiming(pair: Pair, tests: Sequence[Test]) -> Pair:
    """Derive the supported claims of a pair from its corrected tests."""
    tested = replace(pair, tests=tuple(tests))
    endpoints = [item for item in (*GRADING, *LOCALISATION) if tested.mean_test(item) is not None]
    return replace(
        tested, claims={endpoint.name: tested.supported(endpoint) for endpoint in endpoints}
    )
