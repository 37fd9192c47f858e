"""Who leads, by how much, how sure that is, and whether the first place is safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from gliobench.adapters.html.numbers import (
    MOST_NAMED,
    ends,
    interval,
    listed,
    named,
    number,
    percent,
)
from gliobench.adapters.html.stamps import UNRANKED
from gliobench.adapters.html.words import (
    arm_of,
    concerned,
    endpoint_name,
    first_places,
    is_better,
    is_guided,
    pair_of,
    ranked,
    rival_name,
)
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY
from gliobench.domain.comparison.pair import Verdict
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.findings import FindingKind
from gliobench.domain.statistics.estimate import LEVEL, Estimate

MOST_WORDS = 30
"""Of the verdict."""
CHANCE = 0.5
"""Balanced accuracy of always answering the same grade."""
ALL = {2: "both", 3: "all three", 4: "all four"}


def verdict(report: Report) -> str:
    """Return in at most `MOST_WORDS` words who leads, by how much, and how sure that is."""
    return report.target.in_words(_verdict(report))


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
        condition = f" if {_who_was(report, first)} not trained on patients of this cohort, which is not stated"
    methods = f" and by {ALL[len(found)]} methods of ranking" if len(found) > 1 else ""
    return (
        f"First place is safe{condition}: {_first_in(report, first)}{methods}, and is significantly "
        "better than every other backend."
    )


def _verdict(report: Report) -> str:
    if not report.cohort.is_ranked:
        return f"{UNRANKED}: the scores only show that the program runs."
    ranking = ranked(report, report.primary)
    if not ranking:
        return f"No backend could be scored by {endpoint_name(report.primary)}."
    (name, best), *others = ranking
    scored = f": {_scored(report, best)}"
    if report.primary == BALANCED_ACCURACY and best.value <= CHANCE:
        who = "No backend is" if others else "It is not"
        return f"{who} shown to grade better than chance{scored}, by {name}."
    equals = first_places(ranking)
    if len(equals) > 1:
        return f"{_who_share(report, equals)}{scored}."
    found = {other: _standing(report, name, other) for other, _ in others}
    first = f"{_who_leads(report, name, found)}{scored}"
    if not others:
        return f"{first}{_against_chance(report, best)}."
    long, short = (f"{first}{_against(found, most_named=most)}." for most in (MOST_NAMED, 0))
    return long if len(long.split()) <= MOST_WORDS else short


def _standing(report: Report, first: str, other: str) -> Verdict:
    """Return whether the first is significantly better than another, at least in the typical study."""
    if is_better(report, first, other, report.primary):
        return Verdict.APART
    claim = pair_of(report, {first, other}).claim(report.primary)
    return Verdict.TYPICAL if claim.winner == first else Verdict.OPEN


def _who_leads(report: Report, name: str, found: Mapping[str, Verdict]) -> str:
    """Name the first of the ranking, and what forbids to take it for the best."""
    if name in concerned(report, FindingKind.LEAKAGE):
        it = " it, or what chooses its slices," if is_guided(report, name) else ""
        return f"{name} scores highest but{it} was trained on these patients"
    if not found:
        return name
    if arm_of(report, name).baseline:
        return f"No model leads; {name}, a baseline, ranks first"
    return f"{name} {'leads' if Verdict.APART in found.values() else 'ranks first'}"


def _who_share(report: Report, names: Sequence[str]) -> str:
    """Name those that share the first rank, and what forbids to take them for the best."""
    who = named(names, f"{len(names)} backends")
    if all(arm_of(report, name).baseline for name in names):
        return f"No model leads; {who}, baselines, share the first rank"
    learned = [name for name in names if name in concerned(report, FindingKind.LEAKAGE)]
    trained = f" ({len(learned)} of them trained on these patients)" if learned else ""
    return f"{who} share the first rank{trained}"


def _scored(report: Report, found: Estimate) -> str:
    measure = report.primary.measure
    spread = interval(found, measure.digits, dash="–")
    parts = (number(found.value, measure.digits), measure.unit, f"({spread})" if spread else "")
    return " ".join(filter(None, (endpoint_name(report.primary), *parts)))


def _against(found: Mapping[str, Verdict], *, most_named: int) -> str:
    """Return which of the others the first is significantly better than, and in what."""

    def some(verdict: Verdict, *, last: str = "and", all_of: str = "all") -> str:
        names = [name for name in found if found[name] is verdict]
        share = f"{len(names)} of" if len(names) < len(found) else all_of
        return listed(names, last) if len(names) <= most_named else f"{share} {len(found)} others"

    kinds, than = set(found.values()), ""
    if Verdict.APART in kinds:
        than = f", significantly better than {some(Verdict.APART)}"
    if Verdict.TYPICAL in kinds:
        better = "" if than else "better "
        than += f", {better}in the typical study than {some(Verdict.TYPICAL)}"
    if Verdict.OPEN in kinds:
        better = "" if Verdict.APART in kinds else "significantly better "
        than += f", not {better}than {some(Verdict.OPEN, last='or', all_of='any of the')}"
    return than


def _against_chance(report: Report, found: Estimate) -> str:
    if report.primary != BALANCED_ACCURACY or (spread := ends(found)) is None:
        return ""
    return f"; the 95 % CI {'excludes' if spread.low > CHANCE else 'includes'} chance (0.5)"


def _doubts(report: Report, found: Sequence[Ranking]) -> list[str]:
    """List what speaks against the first by the endpoint itself; nothing where its place is safe."""
    leaders = _leaders(found[0])
    if len(leaders) > 1:
        return [f"{_named(leaders)} share it"]
    first = leaders[0]
    if _concerns(report, first, FindingKind.LEAKAGE):
        return [f"{_who_was(report, first)} trained on patients of this cohort"]
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


def _who_was(report: Report, rank: Rank) -> str:
    was, scores = ("were", "their") if rank.members else ("was", "its")
    guides = any(is_guided(report, name) for name in rank.arms)
    return f"{rival_name(rank)}{f', or what chooses {scores} slices,' if guides else ''} {was}"


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
