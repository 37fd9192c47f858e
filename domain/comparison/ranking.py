"""Ranks of backends, and how certain they are."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.comparison.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class Rank:
    """The rank of one backend.

    Args:
        arm: The backend.
        rank: 1 is the best; equal values share the better rank.
        low: Lower end of the central 95 % of its ranks in bootstrap resamples.
        high: Upper end.
        shares: Share of resamples in which it has each rank, from the first to the last.
    """

    arm: str
    rank: int
    low: int
    high: int
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranks of all backends in one endpoint, the best first.

    Source: Wiesenfarth et al., "Methods and open-source toolkit for analyzing and visualizing challenge
        results", Sci Rep 2021.
    """

    endpoint: Endpoint
    ranks: tuple[Rank, ...]
