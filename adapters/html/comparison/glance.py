"""The comparison at a glance: who has skill, who is better, and who follows the tumour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gliobench.adapters.html.charts import spread
from gliobench.adapters.html.comparison.drawing import Figure
from gliobench.adapters.html.comparison.rows import Row, Scale, row_figure
from gliobench.adapters.html.comparison.words import (
    endpoint_name,
    in_figures,
    pair_of,
    ranked,
    tracking_indices,
)
from gliobench.adapters.html.numbers import interval, number, percent
from gliobench.adapters.html.reservations import unranked
from gliobench.domain.comparison.endpoints import POINT_ERROR, Endpoint
from gliobench.domain.comparison.result import Comparison, Verdict
from gliobench.domain.evaluation.summary import Measure
from gliobench.domain.position.tracking import FOLLOWS
from gliobench.domain.statistics.estimate import Estimate

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def glance(comparison: Comparison) -> dict[str, object]:
    """Gather what the section shows."""
    endpoints = (
        dict.fromkeys((comparison.primary, POINT_ERROR)) if comparison.cohort.is_ranked else ()
    )
    duels = [one for endpoint in endpoints if (one := _duels(comparison, endpoint))]
    seen = {cell.verdict for one in duels for _, cells in one.rows for cell in cells if cell}
    return {
        "figures": glance_figures(comparison),
        "duels": duels,
        "torn": Verdict.TORN in seen,
        "typical": Verdict.TYPICAL in seen,
        "unranked": unranked(comparison.cohort) if not comparison.cohort.is_ranked else "",
    }


def glance_figures(comparison: Comparison) -> list[Figure]:
    """Hold accuracy against answering one grade each time, and answers against the tumours."""
    return [*_accuracies(comparison), *_balanced(comparison), *_tracking(comparison)]


def _accuracies(comparison: Comparison) -> Iterator[Figure]:
    rows = in_figures(comparison, Endpoint(Measure.ACCURACY))
    gradings = [arm.summary.everyone.intention_to_treat.grading for arm in comparison.arms]
    first = next((one for one in gradings if one is not None), None)
    if rows and first is not None and (bar := first.no_skill) is not None:
        yield row_figure(
            "glance-accuracy",
            "Accuracy",
            f"The dashed line is no skill: answering {first.commoner.value} each time is right in "
            f"{percent(bar)}. Coloured: the 95 % interval lies above the line.",
            [_row(name, one, above=bar) for name, one in rows],
            Scale((0, 1), SHARES, mark=bar),
        )


def _balanced(comparison: Comparison) -> Iterator[Figure]:
    rows = in_figures(comparison, Endpoint(Measure.BALANCED_ACCURACY))
    if rows:
        yield row_figure(
            "glance-balanced-accuracy",
            "Balanced accuracy",
            "HGG and LGG count alike; the dashed line is chance. Coloured: the 95 % interval lies above it.",
            [_row(name, one, above=0.5) for name, one in rows],
            Scale((0, 1), SHARES, mark=0.5),
        )


def _tracking(comparison: Comparison) -> Iterator[Figure]:
    rows = list(tracking_indices(comparison.arms))
    if comparison.cohort.is_ranked:
        rows.sort(key=lambda one: -one[1].value)
    if rows:
        low = min(0.0, *(spread(one).low for _, one in rows))
        yield row_figure(
            "glance-tracking-index",
            "Does it follow? The tracking index",
            "1: every answer lies on its tumour; 0 (dashed): independent of tumour position. "
            f"Coloured: the 95 % interval lies above {FOLLOWS:g}.",
            [_row(name, one, above=FOLLOWS) for name, one in rows],
            Scale((-0.25 if low < -0.02 else 0.0, 1.0), SHARES, mark=0.0),
        )


def _row(name: str, found: Estimate, *, above: float) -> Row:
    ends, inside = spread(found), interval(found)
    says = number(found.value) + (f" · {inside}" if inside else "")
    return Row(name, says, found.value, ends.low, ends.high, strong=ends.low > above)


@dataclass(frozen=True, slots=True)
class Duel:
    """One backend against another.

    Args:
        verdict: What is supported of the two.
        wins: Whether that speaks for the backend of the row; None where it speaks for neither.
    """

    verdict: Verdict
    wins: bool | None


@dataclass(frozen=True, slots=True)
class Duels:
    """Who is told from whom in one endpoint.

    Args:
        title: The endpoint.
        rows: A backend, the best first, and how it does against the others in the same order; None
            for the backend itself.
    """

    title: str
    rows: tuple[tuple[str, tuple[Duel | None, ...]], ...]


def _duels(comparison: Comparison, endpoint: Endpoint) -> Duels | None:
    names = [name for name, _ in ranked(comparison.arms, endpoint)]
    if len(names) < 2:
        return None
    rows = tuple(
        (
            name,
            tuple(
                None if other == name else _duel(comparison, name, other, endpoint)
                for other in names
            ),
        )
        for name in names
    )
    return Duels(endpoint_name(endpoint), rows)


def _duel(comparison: Comparison, name: str, other: str, endpoint: Endpoint) -> Duel:
    claim = pair_of(comparison, {name, other}).claim(endpoint)
    return Duel(claim.verdict, None if claim.winner is None else claim.winner == name)
