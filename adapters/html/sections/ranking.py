"""Ranking: all backends by the main measures, and the significance of their differences."""

from __future__ import annotations

from dataclasses import dataclass

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Part, Prose, Template
from gliobench.adapters.html.figures.backends import glance_figures, rank_figures
from gliobench.adapters.html.stamps import few_studies
from gliobench.adapters.html.words import endpoint_name, pair_of, ranked
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Claim
from gliobench.domain.comparison.report import Report


def ranking(report: Report) -> list[Block]:
    """Return the section: all backends by each of the main measures, and which of them differ."""
    matrices = significance_matrices(report)
    rows = [claims for found in matrices for _, claims in found.rows]
    verdicts = {claim.verdict.name for claims in rows for claim in claims if claim}
    values = matrices and {"matrices": matrices, "verdicts": verdicts}
    glance = Gallery(glance_figures(report), "one")
    return [
        Part("Significance matrix", [Template("significance.html", values)]),
        Prose([stamp.text for stamp in few_studies(report)], "note"),
        Gallery(rank_figures(report), "one"),
        Closed("Accuracy, balanced accuracy and tracking index", [glance]),
    ]


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


def significance_matrices(report: Report) -> list[SignificanceMatrix]:
    """Tabulate the claims on all pairs, for the primary endpoint and for points."""
    endpoints = dict.fromkeys((report.primary, POINT_ERROR)) if report.cohort.is_ranked else ()
    return [found for endpoint in endpoints if len((found := _matrix(report, endpoint)).rows) > 1]


def _matrix(report: Report, endpoint: Endpoint) -> SignificanceMatrix:
    names = [name for name, _ in ranked(report.arms, endpoint)]

    def claim(name: str, other: str) -> Claim | None:
        return None if other == name else pair_of(report, {name, other}).claim(endpoint)

    rows = ((name, tuple(claim(name, other) for other in names)) for name in names)
    return SignificanceMatrix(endpoint_name(endpoint), tuple(rows))
