"""Ranking: all backends by the main measures, and the significance of their differences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose, Template
from gliobench.adapters.html.figures.backends import glance_figures, rank_figures
from gliobench.adapters.html.numbers import capital, count, interval, named, number
from gliobench.adapters.html.stamps import few_studies
from gliobench.adapters.html.tables import NOTHING, Cell, Column, Table, tabulate
from gliobench.adapters.html.verdict import first_place
from gliobench.adapters.html.words import endpoint_name, pair_of, ranked, ranked_by, rival_name
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Claim
from gliobench.domain.comparison.ranking import Rank, Ranking
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.estimate import Estimate, Measured
from gliobench.domain.statistics.rank_methods import RankMethod


def ranking(report: Report) -> list[Block]:
    """Return the section: all backends by each of the main measures, and which of them differ."""
    matrices = significance_matrices(report)
    rows = [claims for found in matrices for _, claims in found.rows]
    verdicts = {claim.verdict.name for claims in rows for claim in claims if claim}
    values = matrices and {"matrices": matrices, "verdicts": verdicts}
    stability = rank_figures(report)
    glance = Gallery(glance_figures(report), "one")
    return [
        Prose(list(filter(None, [first_place(report)])), "claims"),
        Part("Significance matrix", [Template("significance.html", values)]),
        Prose([stamp.text for stamp in few_studies(report)], "note"),
        Part(
            "Ranks by method",
            [Numbers(rank_table(report), RANKS, head="Endpoint")],
            disagreement(report),
        ),
        Gallery(stability[:1], "one"),
        Closed(
            "Stability of ranks by other endpoints and methods", [Gallery(stability[1:], "one")]
        ),
        Closed("Accuracy, balanced accuracy and tracking index", [glance]),
    ]


RANKS = (
    "In brackets, the central 95 % of ranks in bootstrap resamples of the patients. Equal values share the "
    "better rank. Kendall’s τ: agreement of the order in resamples with that in the cohort; 1: the same."
)
METHODS: Mapping[RankMethod, tuple[str, str]] = {
    RankMethod.MEAN: ("Value", "By the endpoint itself: the mean score, or the balanced accuracy"),
    RankMethod.MEDIAN: ("Median", "By the median score"),
    RankMethod.MEAN_RANK: ("Mean rank", "By the mean of the ranks within each study"),
    RankMethod.TESTS_WON: (
        "Tests won",
        "By the share of the others that are worse by a one-sided Wilcoxon test at 5 %, uncorrected",
    ),
}
"""Headings of the methods of ranking, and their meanings."""
ByMethod = Mapping[RankMethod, Rank] | Mapping[RankMethod, Measured]
"""What the methods say of a backend, or their agreement with resamples."""


def rank_table(report: Report) -> Table | None:
    """Tabulate the ranks by each method; None for fewer than three rivals."""
    groups = {
        f"{capital(ranked_by(found[0]))}, {count(found[0].n, 'study')}": _rows(found)
        for found in _by_endpoint(report)
    }
    return tabulate([_column(method) for method in METHODS], groups) if groups else None


def disagreement(report: Report) -> str:
    """Name the backends that the methods rank differently; more than `MOST_NAMED` are counted."""
    found = [
        f"by {ranked_by(rankings[0])} on {named(differing, f'{len(differing)} of {len(rankings[0].ranks)} backends')}"
        for rankings in _by_endpoint(report)
        if (differing := list(_differing(rankings)))
    ]
    return f"Methods disagree {'; '.join(found)}." if found else "All methods give the same ranks."


def _by_endpoint(report: Report) -> list[list[Ranking]]:
    """Group the rankings of three rivals or more by endpoint, that by the endpoint itself first."""
    groups = groupby(report.rankings, key=lambda ranking: (ranking.endpoint, ranking.measures))
    rankings = (list(found) for _, found in groups)
    return [found for found in rankings if found[0].has_rivals]


def _rows(found: Sequence[Ranking]) -> Iterator[tuple[str, object, ByMethod]]:
    """Yield the ranks of each backend, the first first, and then the agreement with resamples."""
    for first in found[0].ranks:
        yield rival_name(first), "", dict(_ranks(found, first.arm))
    yield "Kendall’s τ", "", {ranking.method: ranking.tau for ranking in found}


def _ranks(found: Sequence[Ranking], arm: str) -> Iterator[tuple[RankMethod, Rank]]:
    for ranking in found:
        yield ranking.method, next(rank for rank in ranking.ranks if rank.arm == arm)


def _differing(found: Sequence[Ranking]) -> Iterator[str]:
    """Name the backends of different ranks; a method by which all are equal disagrees with none."""
    separating = [item for item in found if any(rank.rank > 1 for rank in item.ranks)]
    for first in separating[0].ranks if separating else ():
        places = [rank.rank for _, rank in _ranks(separating, first.arm)]
        if min(places) < max(places):
            yield f"{rival_name(first)} (ranks {min(places)} to {max(places)})"


def _column(method: RankMethod) -> Column[ByMethod]:
    def cell(row: ByMethod) -> Cell:
        found = row.get(method)
        if isinstance(found, Rank):
            return Cell(f"{found.rank} ({found.low}–{found.high})")
        if isinstance(found, Estimate):
            return Cell(f"{number(found.value)} ({interval(found)})")
        return NOTHING

    return Column(*METHODS[method], cell)


@dataclass(frozen=True, slots=True)
class SignificanceMatrix:
    """The significance matrix of one endpoint.

    Args:
        title: The endpoint.
        rows: By backend, the best first, the claims on it and each backend in the same order; None
            for the backend itself.
    """

    title: str
    rows: tuple[tuple[str, tuple[Claim | None, ...]], ...]

    def ranks_of(self, name: str) -> str:
        """Return the confidence interval of a backend's rank: those that its claims leave possible.

        All of them hold the true ranks at once unless a claim is false, equal backends included.

        Source: Mohamad, Goeman & van Zwet, "Simultaneous confidence intervals for ranks with application
            to ranking institutions", Biometrics 2022.
        """
        better = [claim.better for claim in dict(self.rows)[name] if claim and claim.better]
        n_worse = better.count(name)
        low, high = 1 + len(better) - n_worse, len(self.rows) - n_worse
        return f"{low}–{high}" if low < high else str(low)


def significance_matrices(report: Report) -> list[SignificanceMatrix]:
    """Tabulate the claims on all pairs, for the primary endpoint and for points."""
    endpoints = dict.fromkeys((report.primary, POINT_ERROR)) if report.cohort.is_ranked else ()
    return [found for endpoint in endpoints if len((found := _matrix(report, endpoint)).rows) > 1]


def _matrix(report: Report, endpoint: Endpoint) -> SignificanceMatrix:
    names = [name for name, _ in ranked(report, endpoint)]

    def claim(name: str, other: str) -> Claim | None:
        return None if other == name else pair_of(report, {name, other}).claim(endpoint)

    rows = ((name, tuple(claim(name, other) for other in names)) for name in names)
    return SignificanceMatrix(endpoint_name(endpoint), tuple(rows))
