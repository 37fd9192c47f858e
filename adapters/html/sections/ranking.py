"""Ranking: all backends by the main measures, and the significance of their differences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Template, Title
from gliobench.adapters.html.figures.backends import glance_figures, rank_figures
from gliobench.adapters.html.words import (
    endpoint_name,
    pair_of,
    ranked,
)
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Verdict
from gliobench.domain.comparison.report import Report


def ranking(report: Report) -> Iterator[Block]:
    """Yield the section: all backends by each of the main measures, and which of them differ."""
    if matrices := significance_matrices(report):
        seen = {
            cell.verdict for found in matrices for _, cells in found.rows for cell in cells if cell
        }
        values = {
            "matrices": matrices,
            "torn": Verdict.TORN in seen,
            "typical": Verdict.TYPICAL in seen,
        }
        yield Title("Significance matrix")
        yield Template("significance.html", values)
    if ranks := rank_figures(report):
        yield Gallery(ranks, "one")
    if figures := glance_figures(report):
        yield Closed("Accuracy, balanced accuracy and tracking index", [Gallery(figures, "one")])


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One cell of a significance matrix.

    Args:
        verdict: The claim that is supported.
        wins: Whether the backend of the row is better; None where neither is.
    """

    verdict: Verdict
    wins: bool | None


@dataclass(frozen=True, slots=True)
class SignificanceMatrix:
    """The significance matrix of one endpoint.

    Args:
        title: The endpoint.
        rows: Backends, the best first, with a cell for each backend in the same order; None for
            the backend itself.
    """

    title: str
    rows: tuple[tuple[str, tuple[MatrixCell | None, ...]], ...]


def significance_matrices(report: Report) -> list[SignificanceMatrix]:
    """Tabulate the claims on all pairs, for the primary endpoint and for points."""
    endpoints = dict.fromkeys((report.primary, POINT_ERROR)) if report.cohort.is_ranked else ()
    return [found for endpoint in endpoints if (found := _matrix(report, endpoint))]


def _matrix(report: Report, endpoint: Endpoint) -> SignificanceMatrix | None:
    names = [name for name, _ in ranked(report.arms, endpoint)]
    if len(names) < 2:
        return None
    rows = tuple(
        (
            name,
            tuple(
                None if other == name else _cell(report, name, other, endpoint) for other in names
            ),
        )
        for name in names
    )
    return SignificanceMatrix(endpoint_name(endpoint), rows)


def _cell(report: Report, name: str, other: str, endpoint: Endpoint) -> MatrixCell:
    claim = pair_of(report, {name, other}).claim(endpoint)
    return MatrixCell(claim.verdict, None if claim.winner is None else claim.winner == name)
