"""Ranks of backends in bootstrap resamples."""

from __future__ import annotations

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import Scale
from gliobench.adapters.html.numbers import percent
from gliobench.adapters.html.words import endpoint_name
from gliobench.domain.comparison.ranking import Ranking
from gliobench.domain.comparison.report import Report


def rank_figures(report: Report) -> list[Figure]:
    """Plot how often each backend has each rank, a picture per endpoint."""
    return [_figure(report, ranking) for ranking in report.rankings]


def _figure(report: Report, ranking: Ranking) -> Figure:
    n = len(ranking.ranks)
    rows = [
        Strip(
            found.arm,
            (str(found.rank), f"{found.low} to {found.high}", percent(found.shares[0])),
            (found.rank, found.low, found.high),
            ink=arm_ink(report, found.arm),
            shares={rank: share for rank, share in enumerate(found.shares, start=1) if share},
        )
        for found in ranking.ranks
    ]
    heads = {"rank": "rank {}", "95 % of resamples": "{} in 95 %", "first": "first in {}"}
    quantities = ("rank", "2.5th percentile", "97.5th percentile")
    scale = Scale((0.5, n + 0.5), range(1, n + 1), "rank")
    return Rows(heads, rows, scale, quantities).figure(
        f"ranks-{ranking.endpoint.name}",
        f"Stability of ranks: {endpoint_name(ranking.endpoint)}",
        "Ring: rank in this cohort; discs: share of bootstrap resamples with that rank, as area; bar: "
        "central 95 % of resamples.",
    )
