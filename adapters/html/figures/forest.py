"""The forest plot of pairwise differences between backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.cells import mirrored
from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import scale, spread
from gliobench.adapters.html.numbers import count, interval, number
from gliobench.adapters.html.words import endpoint_name, in_order, p_value
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.pair import ALPHA, Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Forest:
    """The differences in one endpoint.

    Args:
        pairs: Pairs with at least one model; all pairs, where there are only baselines.
        baselines: Pairs of two baselines; None without any.
    """

    pairs: Figure
    baselines: Figure | None


def difference_forest(report: Report, endpoint: Endpoint) -> Forest | None:
    """Plot all pairs of backends that answer an endpoint; None without any."""
    rules = {arm.name for arm in report.arms if arm.baseline}
    found = [
        (pair, one)
        for pair in report.pairs
        if isinstance(one := pair.difference(endpoint), Estimate)
    ]
    models = [item for item in found if not {item[0].first, item[0].second} <= rules]
    others = [item for item in found if item not in models]
    if not models:
        models, others = others, []
    if not models:
        return None
    figure = _figure(models, endpoint)
    return Forest(figure, _figure(others, endpoint, " between baselines") if others else None)


def _figure(pairs: Sequence[tuple[Pair, Estimate]], endpoint: Endpoint, of: str = "") -> Figure:
    digits = endpoint.measure.digits
    rows = sorted(
        (_row(pair, found, endpoint, digits) for pair, found in pairs),
        key=lambda row: (-row.strong, -row.at),
    )
    step, top = scale(max(max(abs(row.low), abs(row.high)) for row in rows))
    last = round(top / step)
    ticks = [i * step for i in range(-last, last + 1) if i % (1 + last // 3) == 0]
    significant = sum(row.strong for row in rows)
    return row_figure(
        f"forest-{endpoint.name}{of.replace(' ', '-')}",
        f"Advantage of the first backend{of}: {endpoint_name(endpoint)}",
        f"Paired difference with 95 % CI; dashed: no difference. Coloured: statistically significant "
        f"(Holm-adjusted p < {ALPHA:g}), {significant} of {count(len(rows), 'pair')}.",
        rows,
        Scale((-top, top), ticks, mark=0.0),
    )


def _row(pair: Pair, found: Estimate, endpoint: Endpoint, digits: int) -> Strip:
    first, second, turned = in_order(pair, endpoint)
    better = mirrored(found, turned * endpoint.sign)
    estimate = better if isinstance(better, Estimate) else found
    ends, verdict = spread(estimate), pair.claim(endpoint).verdict
    inside, verdict_or_p = interval(estimate, digits), _verdict_or_p(pair, endpoint)
    says = " · ".join(filter(None, (number(estimate.value, digits), inside, verdict_or_p)))
    return Strip(
        name=f"{first} vs {second}",
        says=says,
        at=estimate.value,
        low=ends.low,
        high=ends.high,
        strong=verdict is Verdict.APART,
    )


def _verdict_or_p(pair: Pair, endpoint: Endpoint) -> str:
    """Print the p of the mean, or the verdict of the ranks where it differs."""
    claim, test = pair.claim(endpoint), pair.mean_test(endpoint)
    if claim.verdict is Verdict.TORN:
        return Verdict.TORN.value
    if claim.verdict is Verdict.TYPICAL:
        return f"{claim.typically} better in the typical study"
    return f"p {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
