"""Computation of ranks in the cohort and in bootstrap resamples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.paired_grades import DrawnGrades
from gliobench.domain.comparison.paired_places import PlacedStudies
from gliobench.domain.comparison.pairs import ComparedStudies
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.geometry.grids import FloatArray
from gliobench.domain.statistics.estimate import LEVEL
from gliobench.domain.statistics.sampling import Indices, SamplingPlan

ALIKE = 12
"""Decimals to which values have to agree for a shared rank."""


def rank_backends(
    studies: ComparedStudies, endpoint: Endpoint, bootstrap: BootstrapOptions
) -> Ranking | None:
    """Rank backends in the cohort and in bootstrap resamples of its patients.

    Returns:
        None with fewer than two backends in the endpoint, or without resamples.
    """
    places, drawn = studies.places, studies.drawn
    scored = {*places.scores, *(drawn.column if drawn else ())}
    names = [name for name in studies.names if (name, endpoint) in scored]
    if len(names) < 2:
        return None
    values = (
        _graded(drawn, names, endpoint)
        if drawn and not endpoint.form
        else _placed(places, names, endpoint, bootstrap)
    )
    values = values[~np.isnan(values).any(axis=1)]
    if len(values) < 2:
        return None
    ranks = rankdata(np.round(-endpoint.sign * values, ALIKE), method="min", axis=1)
    columns = ranks.astype(np.intp).T
    found = [_rank(name, column, len(names)) for name, column in zip(names, columns, strict=True)]
    return Ranking(endpoint, tuple(sorted(found, key=lambda rank: rank.rank)))


def _graded(drawn: DrawnGrades, names: Sequence[str], endpoint: Endpoint) -> FloatArray:
    """Look up the values of the cohort, in the first row, and of the resamples."""
    picked = drawn.replicates.pick([drawn.column[name, endpoint] for name in names])
    return np.vstack([picked.observed, picked.drawn])


def _placed(
    places: PlacedStudies, names: Sequence[str], endpoint: Endpoint, bootstrap: BootstrapOptions
) -> FloatArray:
    """Compute the means of the cohort and of resamples, over the studies that all have scores of."""
    scores = np.column_stack([places.scores[name, endpoint] for name in names])
    there = ~np.isnan(scores).any(axis=1)
    plan = SamplingPlan.of(places.numbers[there].tolist())
    if plan.obstacle is not None:
        return np.empty((0, len(names)))
    weights = [plan.everyone, *plan.draws(bootstrap.replicates, seed=bootstrap.seed)]
    return np.concatenate(
        [block @ scores[there] / block.sum(axis=1, keepdims=True) for block in weights]
    )


def _rank(name: str, ranks: Indices, n: int) -> Rank:
    drawn = ranks[1:]
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), method="inverted_cdf")
    shares = np.bincount(drawn, minlength=n + 1)[1:] / len(drawn)
    return Rank(name, int(ranks[0]), int(low), int(high), tuple(map(float, shares)))
