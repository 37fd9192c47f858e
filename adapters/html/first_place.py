"""Whether the first place of a ranking is safe."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from gliobench.adapters.html.numbers import listed, named, percent
from gliobench.adapters.html.words import arm_of, concerned, is_better, rival_name
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.statistics.estimate import LEVEL

ALL = {2: "both", 3: "all three", 4: "all four"}


def first_place(report: Report) -> str:
    """Return in a sentence whether the first place by the primary endpoint is safe.

    It is where one backend, not trained on these patients, is first in 95 % of resampled cohorts and by
    every method, and significantly better than every other one.

    Returns:
        Empty for fewer than three rivals, or where none is ranked.
    """
    found = [ranking for ranking in report.rankings if ranking.endpoint == report.primary]
    if not (found and found[0].has_rivals):
        return ""
    doubts = _doubts(report, found)
    if doubts:
        return f"First place is not safe: {'; '.join(doubts)}."
    first = found[0].ranks[0]
    condition = ""
    if _concerns(report, first, FindingKind.UNSTATED_TRAINING):
        condition = (
            f" if {_who_was(first)} not trained on patients of this cohort, which is not stated"
        )
    methods = f" and by {ALL[len(found)]} methods of ranking" if len(found) > 1 else ""
    return (
        f"First place is safe{condition}: {_first_in(report, first)}{methods}, and is significantly "
        "better than every other backend."
    )


def _doubts(report: Report, found: Sequence[Ranking]) -> list[str]:
    """List what speaks against the first by the endpoint itself; nothing where its place is safe."""
    leaders = _leaders(found[0])
    if len(leaders) > 1:
        return [f"{_named(leaders)} share it"]
    first = leaders[0]
    if _concerns(report, first, FindingKind.LEAKAGE):
        return [f"{_who_was(first)} trained on patients of this cohort"]
    others = [rank for rank in found[0].ranks if rank.arm != first.arm]
    rest = [rank for rank in others if not _beats(report, first, rank)]
    methods = _other_methods(first, found[1:])
    if not rest and not methods and first.shares[0] >= LEVEL:
        return []
    doubt = _first_in(report, first)
    if rest:
        link = "but" if first.shares[0] >= LEVEL else "and"
        doubt += f" {link} not significantly better than {_some(rest, len(others))}"
    return [doubt, *methods]


def _concerns(report: Report, rank: Rank, kind: FindingKind) -> bool:
    return not set(rank.arms).isdisjoint(concerned(report, kind))


def _who_was(rank: Rank) -> str:
    return f"{rival_name(rank)} {'were' if rank.members else 'was'}"


def _first_in(report: Report, first: Rank) -> str:
    baseline = ", a baseline," if arm_of(report, first.arms[0]).baseline else ""
    share = percent(first.shares[0])
    return f"{rival_name(first)}{baseline} is first in {share} of resampled cohorts"


def _beats(report: Report, first: Rank, other: Rank) -> bool:
    pairs = product(first.arms, other.arms)
    return all(is_better(report, one, two, report.primary) for one, two in pairs)


def _some(rest: Sequence[Rank], n_others: int) -> str:
    n = len(rest)
    counted = f"{n} of {n_others} others" if n < n_others else f"any of the {n} others"
    return named([rival_name(rank) for rank in rest], counted, "or")


def _other_methods(first: Rank, found: Sequence[Ranking]) -> list[str]:
    """Name the first by other methods, where that is another one or not alone."""
    methods: dict[str, list[str]] = {}
    for ranking in found:
        leaders = _leaders(ranking)
        if [rank.arm for rank in leaders] != [first.arm]:
            named = _named(leaders) if len(leaders) < len(ranking.ranks) else "all backends"
            who = "share first place" if len(leaders) > 1 else "is first"
            methods.setdefault(f"{named} {who}", []).append(ranking.method.value)
    return [f"by {listed(used)}, {who}" for who, used in methods.items()]


def _leaders(ranking: Ranking) -> list[Rank]:
    return [rank for rank in ranking.ranks if rank.rank == 1]


def _named(found: Sequence[Rank]) -> str:
    return named([rival_name(rank) for rank in found], f"{len(found)} backends")
