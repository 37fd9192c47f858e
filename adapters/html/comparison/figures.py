"""The comparison's figures: places in numbers, which the page draws as inline SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.charts import Bar, Forest, scale, spread
from gliobench.adapters.html.comparison.tables import mirrored
from gliobench.adapters.html.comparison.words import endpoint_name, in_order, p_value
from gliobench.adapters.html.numbers import interval, number
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.result import Bias, Comparison, Family, Pair
from gliobench.domain.position.bias import PositionBias
from gliobench.domain.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.reliability import Reliability

FIELD_MM = 80.0
"""Half the edge of a picture of places; what lies beyond is drawn on the edge."""


@dataclass(frozen=True, slots=True)
class Differences:
    """A forest plot of pairs, and which of them a corrected test tells apart."""

    forest: Forest
    told_apart: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where one backend's answers and the tumours lie; x and y as drawn.

    Args:
        name: The backend.
        says: Its tracking index in words.
        answers: Places of the answers.
        tumours: Of the tumours in the same studies.
        links: Ends of the lines from each tumour to its answer.
    """

    name: str
    says: str
    answers: tuple[tuple[float, float], ...]
    tumours: tuple[tuple[float, float], ...]

    @property
    def links(self) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """Join each tumour with its answer."""
        return list(zip(self.tumours, self.answers, strict=True))


@dataclass(frozen=True, slots=True)
class Curve:
    """What a backend said against what was seen, in per cent of the picture's edges."""

    name: str
    points: tuple[tuple[float, float, float, float, int], ...]


def difference_forest(
    comparison: Comparison, endpoint: Endpoint, family: Family
) -> Differences | None:
    """Plot by how much the better of every two backends is better; None without a pair."""
    pairs = [
        (pair, found)
        for pair in comparison.pairs
        if isinstance(found := pair.difference(endpoint), Estimate)
    ]
    if not pairs:
        return None
    rows = sorted((_row(pair, found, endpoint, family) for pair, found in pairs), key=_by_size)
    step, top = scale(max(max(abs(one.low), abs(one.high)) for _, one, _, _ in rows))
    ticks = [i * step for i in range(-round(top / step), round(top / step) + 1)]
    digits = 1 if top > 2 else 2
    what = endpoint_name(endpoint)
    forest = Forest(
        title=f"By how much the first is better: {what}",
        hint="With its 95 % interval, paired. The dashed line is no difference. In colour: told "
        "apart after Holm’s correction.",
        bars=tuple(_bar(name, found, p, top, digits) for name, found, p, _ in rows),
        ticks=tuple((50 + 50 * one / top, f"{one:g}".replace("-", "−")) for one in ticks),
        mark=50.0,
    )
    return Differences(forest, tuple(name for name, _, _, apart in rows if apart))


_Row = tuple[str, "_Advantage", str, bool]


@dataclass(frozen=True, slots=True)
class _Advantage:
    estimate: Estimate
    low: float
    high: float


def _row(pair: Pair, found: Estimate, endpoint: Endpoint, family: Family) -> _Row:
    first, second, turned = in_order(pair, endpoint)
    better = mirrored(found, turned * endpoint.sign)
    estimate = better if isinstance(better, Estimate) else found
    ends = spread(estimate)
    test = pair.test(family, endpoint.name)
    p = f"Holm p {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
    apart = test is not None and test.tells_apart
    return f"{first} over {second}", _Advantage(estimate, ends.low, ends.high), p, apart


def _by_size(row: _Row) -> float:
    return -row[1].estimate.value


def _bar(name: str, found: _Advantage, p: str, top: float, digits: int) -> Bar:
    at, low, high = (
        round(50 + 50 * one / top, 2) for one in (found.estimate.value, found.low, found.high)
    )
    told = " · ".join(filter(None, (interval(found.estimate, digits), p)))
    value = number(found.estimate.value, digits)
    return Bar(name=name, value=value, interval=told, at=at, low=low, high=high)


def clouds(comparison: Comparison) -> list[Places]:
    """Draw where backends point, one picture each."""
    return [
        Places(
            name=arm.name,
            says=_index(bias),
            answers=_drawn(bias.predicted_mm),
            tumours=_drawn(bias.reference_mm),
        )
        for arm in comparison.arms
        for bias in arm.biases
        if bias.form is Form.POINT and bias.predicted_mm
    ]


def _index(bias: Bias) -> str:
    if not isinstance(bias.measured, PositionBias):
        return f"tracking index not estimable: {bias.measured.reason}"
    tracking = bias.measured.tracking
    if not isinstance(tracking, Estimate):
        return f"tracking index not estimable: {tracking.reason}"
    ends = interval(tracking)
    return f"tracking index {number(tracking.value)}" + (f" ({ends})" if ends else "")


def _drawn(places_mm: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Turn places so that the patient's right is on the left and the front at the top."""
    return tuple((_inside(-x), _inside(-y)) for x, y in places_mm)


def _inside(at: float) -> float:
    return round(min(FIELD_MM, max(-FIELD_MM, at)), 1)


def reliability_curves(comparison: Comparison) -> list[Curve]:
    """Draw what probabilities meant; backends that say one number have one point."""
    return [
        Curve(arm.name, tuple(_points(arm.calibration)))
        for arm in comparison.arms
        if isinstance(arm.calibration, Reliability)
    ]


def _points(found: Reliability) -> list[tuple[float, float, float, float, int]]:
    points = []
    for one in found.curve:
        if isinstance(one.seen, Estimate):
            ends = spread(one.seen)
            heights = (100 - 100 * seen for seen in (one.seen.value, ends.low, ends.high))
            at, low, high = (round(height, 1) for height in heights)
            points.append((round(100 * one.said, 1), at, low, high, one.n))
    return points
