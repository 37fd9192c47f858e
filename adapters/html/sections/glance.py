"""The comparison at a glance: skill, pairwise significance and tracking of the tumour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import spread
from gliobench.adapters.html.numbers import interval, number, percent
from gliobench.adapters.html.stamps import unranked
from gliobench.adapters.html.words import (
    endpoint_name,
    in_figures,
    pair_of,
    ranked,
    tracking_indices,
)
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics import measures
from gliobench.domain.position.tracking import FOLLOWS
from gliobench.domain.statistics.estimate import Estimate

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def glance(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    endpoints = dict.fromkeys((report.primary, POINT_ERROR)) if report.cohort.is_ranked else ()
    matrices = [found for endpoint in endpoints if (found := _matrix(report, endpoint))]
    seen = {cell.verdict for found in matrices for _, cells in found.rows for cell in cells if cell}
    return {
        "figures": glance_figures(report),
        "matrices": matrices,
        "torn": Verdict.TORN in seen,
        "typical": Verdict.TYPICAL in seen,
        "unranked": unranked(report.cohort) if not report.cohort.is_ranked else "",
    }


def glance_figures(report: Report) -> list[Figure]:
    """Plot accuracy, balanced accuracy and the tracking index of all backends."""
    return [*_accuracies(report), *_balanced(report), *_tracking(report)]


def _accuracies(report: Report) -> Iterator[Figure]:
    rows = in_figures(report, Endpoint(measures.ACCURACY))
    gradings = [arm.summary.everyone.intention_to_treat.grading for arm in report.arms]
    first = next((grading for grading in gradings if grading is not None), None)
    if rows and first is not None and (bar := first.no_skill) is not None:
        yield row_figure(
            "glance-accuracy",
            measures.ACCURACY.title,
            f"Dashed: always answering {first.commoner.value} would score {percent(bar)}. "
            "Coloured: 95 % CI above the dashed line.",
            [_row(name, found, above=bar) for name, found in rows],
            Scale((0, 1), SHARES, mark=bar),
        )


def _balanced(report: Report) -> Iterator[Figure]:
    rows = in_figures(report, Endpoint(measures.BALANCED_ACCURACY))
    if rows:
        yield row_figure(
            "glance-balanced-accuracy",
            measures.BALANCED_ACCURACY.title,
            "Mean of sensitivity and specificity. Dashed: chance. Coloured: 95 % CI above the dashed line.",
            [_row(name, found, above=0.5) for name, found in rows],
            Scale((0, 1), SHARES, mark=0.5),
        )


def _tracking(report: Report) -> Iterator[Figure]:
    rows = list(tracking_indices(report.arms))
    if report.cohort.is_ranked:
        rows.sort(key=lambda row: -row[1].value)
    if rows:
        low = min(0.0, *(spread(found).low for _, found in rows))
        yield row_figure(
            "glance-tracking-index",
            "Tracking index",
            "1: every answer at its tumour’s centre; 0 (dashed): independent of tumour position. "
            f"Coloured: 95 % CI above {FOLLOWS:g}.",
            [_row(name, found, above=FOLLOWS) for name, found in rows],
            Scale((-0.25 if low < -0.02 else 0.0, 1.0), SHARES, mark=0.0),
        )


def _row(name: str, found: Estimate, *, above: float) -> Strip:
    ends, inside = spread(found), interval(found)
    says = number(found.value) + (f" · {inside}" if inside else "")
    return Strip(name, says, found.value, ends.low, ends.high, strong=ends.low > above)


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
