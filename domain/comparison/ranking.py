"""Ranks of backends, and how certain they are."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.statistics.estimate import Measured
from gliobench.domain.statistics.rank_methods import RankMethod

RIVALS = 3
"""Backends or families from which on methods of ranking are compared."""


@dataclass(frozen=True, slots=True)
class Rank:
    """The rank of one backend, or of several of one model.

    Args:
        arm: The backend, or the family that ranks as one.
        rank: 1 is the best; equal values share the better rank.
        low: Lower end of the central 95 % of its ranks in bootstrap resamples.
        high: Upper end.
        shares: Share of resamples in which it has each rank, from the first to the last.
        members: The backends of a family, whose scores of a study are averaged; empty for one backend.
    """

    arm: str
    rank: int
    low: int
    high: int
    shares: tuple[float, ...]
    members: tuple[str, ...] = ()

    @property
    def arms(self) -> tuple[str, ...]:
        """The backends that it stands for."""
        return self.members or (self.arm,)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranks of all backends by one method, the best first.

    Args:
        endpoint: What they are ranked by; None where all of `measures` count together.
        method: How scores become ranks; "mean" is the endpoint's own value, also where that is no mean.
        n: Studies, those that all of them have scores of.
        ranks: The best first.
        tau: Kendall's τ-b between the ranks in a resample and in the cohort: the median and the central
            95 % of resamples.
        measures: Of masks, by region; each study is ranked by each of them, and the ranks are averaged.

    Source: Wiesenfarth et al., "Methods and open-source toolkit for analyzing and visualizing challenge
        results", Sci Rep 2021.
    """

    endpoint: Endpoint | None
    method: RankMethod
    n: int
    ranks: tuple[Rank, ...]
    tau: Measured
    measures: tuple[str, ...] = ()

    @property
    def has_rivals(self) -> bool:
        """Whether so many are ranked that methods are compared."""
        return len(self.ranks) >= RIVALS

    @property
    def leads(self) -> bool:
        """Whether it is by the endpoint itself, or in all regions together."""
        return self.endpoint is None or self.method is RankMethod.MEAN

    @property
    def name(self) -> str:
        """The name of the endpoint, and of the method if it is another one than the mean."""
        if self.endpoint is None:
            return f"all_regions.{self.measures[0].split('_', 1)[1]}"
        method = "" if self.leads else f".{self.method.value.replace(' ', '_')}"
        return f"{self.endpoint.name}{method}"
