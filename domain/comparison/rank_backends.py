"""Computation of ranks in the cohort and in bootstrap resamples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.contest import Contest, Rivals, by_all_regions, graded, placed
from gliobench.domain.comparison.endpoints import AUROC, POINT_ERROR, Endpoint
from gliobench.domain.comparison.paired_grades import DrawnGrades
from gliobench.domain.comparison.pairs import ComparedStudies
from gliobench.domain.comparison.ranking import RIVALS, Rank, Ranking
from gliobench.domain.evaluation.case_table import CaseTable
from gliobench.domain.metrics.measures import RANKED_TOGETHER
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import LEVEL, Estimate, Interval, Measured, NotEstimable
from gliobench.domain.statistics.rank_methods import (
    RankMethod,
    kendall_tau_b,
    rank_intervals,
    rank_shares,
    ranks,
)
from gliobench.domain.statistics.sampling import Indices

RESAMPLES = 1000
"""Resamples by the median, by the mean rank and by tests won, at most."""
STUDIES_DRAWN = 2**24
"""Studies in all of these resamples, about: cohorts so large that this matters have stable ranks."""
TAILS = (1 - LEVEL) / 2, (1 + LEVEL) / 2
ALL_EQUAL = NotEstimable("all ranks are equal")


def rank_backends(
    cases: Mapping[str, CaseTable],
    studies: ComparedStudies,
    primary: Endpoint,
    families: Mapping[str, str],
    bootstrap: BootstrapOptions,
) -> list[Ranking]:
    """Rank backends in the cohort and in bootstrap resamples of its patients.

    Args:
        cases: Scores of the same studies in the same order, by backend.
        studies: The same, gathered.
        primary: The endpoint that decides.
        families: The families of backends that have one.
        bootstrap: Of the resamples.

    Returns:
        By the primary endpoint, by points, and of masks by the measures of `RANKED_TOGETHER`. Two rivals are
        ranked by the endpoints' own values only; one is not, nor where resamples would not vary.
    """
    found: list[Ranking] = []
    for endpoint in dict.fromkeys((primary, POINT_ERROR)):
        found += _by_endpoint(studies, endpoint, families, bootstrap)
    return [*found, *_by_all_regions(cases, studies.places.numbers, families, bootstrap)]


def _by_endpoint(
    studies: ComparedStudies,
    endpoint: Endpoint,
    families: Mapping[str, str],
    bootstrap: BootstrapOptions,
) -> Iterator[Ranking]:
    graders = None if endpoint.form else studies.drawn
    scored = graders.column if graders else studies.places.scores
    names = [name for name in studies.names if (name, endpoint) in scored]
    rivals = Rivals.of(names, families)
    if len(rivals) < 2:
        return
    contest = (
        graded(studies.grades, endpoint, names, rivals)
        if graders
        else placed(studies.places, endpoint, names, rivals)
    )
    for method in _methods(endpoint, rivals):
        if graders and method is RankMethod.MEAN:
            drawn = _by_value(graders, endpoint, names, rivals)
        elif contest:
            drawn = _drawn(contest, method, bootstrap)
        else:
            continue
        if len(drawn) > 1:
            n = contest.n if contest else len(studies.grades.patients)
            yield _ranking(drawn, rivals, n, endpoint=endpoint, method=method)


def _by_all_regions(
    cases: Mapping[str, CaseTable],
    numbers: Indices,
    families: Mapping[str, str],
    bootstrap: BootstrapOptions,
) -> Iterator[Ranking]:
    masks = {name: table for name, table in cases.items() if Form.MASK in table.forms}
    rivals = Rivals.of(list(masks), families)
    for measures in RANKED_TOGETHER if len(rivals) >= RIVALS else ():
        if found := by_all_regions(masks, measures, numbers, rivals):
            contest, measured = found
            # the scores are mean ranks of studies, and a study that is drawn twice counts twice
            drawn = _drawn(contest, RankMethod.MEAN, bootstrap)
            if len(drawn) > 1:
                yield _ranking(drawn, rivals, contest.n, measures=measured)


def _methods(endpoint: Endpoint, rivals: Rivals) -> tuple[RankMethod, ...]:
    """List the methods that an endpoint allows: AUROC has no scores of studies, hits no useful median."""
    if len(rivals) < RIVALS or endpoint == AUROC:
        return (RankMethod.MEAN,)
    if endpoint.measure.is_mean:
        return tuple(RankMethod)
    return tuple(method for method in RankMethod if method is not RankMethod.MEDIAN)


def _by_value(
    grades: DrawnGrades, endpoint: Endpoint, names: Sequence[str], rivals: Rivals
) -> Indices:
    """Rank by the endpoint itself, in the cohort and in the resamples in which it is defined."""
    values = grades.replicates.pick([grades.column[name, endpoint] for name in names])
    own = endpoint.sign * np.vstack([values.observed, values.drawn]) @ rivals.shares
    return ranks(own[~np.isnan(own).any(axis=1)])


def _drawn(contest: Contest, method: RankMethod, bootstrap: BootstrapOptions) -> Indices:
    replicates = resamples(contest, method, bootstrap)
    return contest.drawn(method, replicates=replicates, seed=bootstrap.seed)


def resamples(contest: Contest, method: RankMethod, bootstrap: BootstrapOptions) -> int:
    """Return how many resamples are drawn: those asked for by the mean, fewer by slower methods."""
    if method is RankMethod.MEAN:
        return bootstrap.replicates
    return min(bootstrap.replicates, RESAMPLES, max(100, STUDIES_DRAWN // contest.n))


def _ranking(
    drawn: Indices,
    rivals: Rivals,
    n: int,
    *,
    endpoint: Endpoint | None = None,
    method: RankMethod = RankMethod.MEAN_RANK,
    measures: tuple[str, ...] = (),
) -> Ranking:
    ends, shares = rank_intervals(drawn[1:]), rank_shares(drawn[1:])
    found = [
        Rank(
            arm=name,
            rank=int(drawn[0, at]),
            low=int(ends[at, 0]),
            high=int(ends[at, 1]),
            shares=tuple(shares[at].tolist()),
            members=members if len(members) > 1 else (),
        )
        for at, (name, members) in enumerate(rivals.members.items())
    ]
    ordered = tuple(sorted(found, key=lambda rank: rank.rank))
    return Ranking(endpoint, method, n, ordered, _agreement(drawn, n), measures)


def _agreement(drawn: Indices, n: int) -> Measured:
    taus = kendall_tau_b(drawn[1:], drawn[0])
    taus = taus[~np.isnan(taus)]
    if not taus.size:
        return ALL_EQUAL
    low, middle, high = np.quantile(taus, (TAILS[0], 0.5, TAILS[1]), method="inverted_cdf")
    return Estimate(float(middle), Interval(float(low), float(high)), n)
