"""Computation of ranks in the cohort and in bootstrap resamples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import rankdata

from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import Endpoint
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
    names, values = (
        _placed(studies.places, studies.names, endpoint, bootstrap)
        if endpoint.form
        else _graded(studies, endpoint)
    )
    values = values[~np.isnan(values).any(axis=1)]
    if len(names) < 2 or len(values) < 2:
        return None
    ranks = rankdata(np.round(-endpoint.sign * values, ALIKE), method="min", axis=1)
    columns = ranks.astype(np.intp).T
    found = [_rank(name, column, len(names)) for name, column in zip(names, columns, strict=True)]
    return Ranking(endpoint, tuple(sorted(found, key=lambda rank: rank.rank)))


def _graded(studies: ComparedStudies, endpoint: Endpoint) -> tuple[list[str], FloatArray]:
    """Look up the values of the cohort, in the first row, and of the resamples."""
    drawn = studies.drawn
    names = [name for name in studies.names if drawn and (name, endpoint) in drawn.column]
    if drawn is None or not names:
        return [], np.empty((0, 0))
    picked = drawn.replicates.pick([drawn.column[name, endpoint] for name in names])
    return names, np.vstack([picked.observed, picked.drawn])


def _placed(
    places: PlacedStudies, of: Sequence[str], endpoint: Endpoint, bootstrap: BootstrapOptions
) -> tuple[list[str], FloatArray]:
    """Compute the means of the cohort and of resamples, over the studies that all have scores of."""
    names = [name for name in of if (name, endpoint) in places.scores]
    if not names:
        return [], np.empty((0, 0))
    scores = np.column_stack([places.scores[name, endpoint] for name in names])
    there = ~np.isnan(scores).any(axis=1)
    plan = SamplingPlan.of(places.numbers[there].tolist())
    if plan.obstacle is not None:
        return names, np.empty((0, len(names)))
    weights = [plan.everyone, *plan.draws(bootstrap.replicates, seed=bootstrap.seed)]
    sums = [block @ scores[there] / block.sum(axis=1, keepdims=True) for block in weights]
    return names, np.concatenate(sums)


def _rank(name: str, ranks: Indices, n: int) -> Rank:
    drawn = ranks[1:]
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), method="inverted_cdf")
    shares = np.bincount(drawn, minlength=n + 1)[1:] / len(drawn)
    return Rank(name, int(ranks[0]), int(low), int(high), tuple(map(float, shares)))
