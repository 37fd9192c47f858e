"""The forest plot: by how much the better of every two backends is better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.charts import scale, spread
from gliobench.adapters.html.comparison.cells import mirrored
from gliobench.adapters.html.comparison.drawing import Figure
from gliobench.adapters.html.comparison.rows import Row, Scale, row_figure
from gliobench.adapters.html.comparison.words import endpoint_name, in_order, p_value
from gliobench.adapters.html.numbers import count, interval, number
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.result import Comparison, Pair, Verdict
from gliobench.domain.statistics.estimate import Estimate


@dataclass(frozen=True, slots=True)
class Forest:
    """The differences in one endpoint.

    Args:
        pairs: Those with a backend that is no baseline; all, where there is none.
        baselines: Those of two baselines; None without such.
    """

    pairs: Figure
    baselines: Figure | None


def difference_forest(comparison: Comparison, endpoint: Endpoint) -> Forest | None:
    """Plot every two backends that both answer an endpoint; None without any."""
    rules = {arm.name for arm in comparison.arms if arm.baseline}
    found = [
        (pair, one)
        for pair in comparison.pairs
        if isinstance(one := pair.difference(endpoint), Estimate)
    ]
    looking = [one for one in found if not {one[0].first, one[0].second} <= rules]
    others = [one for one in found if one not in looking]
    if not looking:
        looking, others = others, []
    if not looking:
        return None
    figure = _figure(looking, endpoint)
    return Forest(figure, _figure(others, endpoint, " between baselines") if others else None)


def _figure(pairs: Sequence[tuple[Pair, Estimate]], endpoint: Endpoint, of: str = "") -> Figure:
    digits = 1 if "_mm" in endpoint.measure.value else 2
    rows = sorted(
        (_row(pair, found, endpoint, digits) for pair, found in pairs),
        key=lambda row: (-row.strong, -row.at),
    )
    step, top = scale(max(max(abs(row.low), abs(row.high)) for row in rows))
    last = round(top / step)
    ticks = [i * step for i in range(-last, last + 1) if i % (1 + last // 3) == 0]
    apart = sum(row.strong for row in rows)
    return row_figure(
        f"forest-{endpoint.name}{of.replace(' ', '-')}",
        f"By how much the first is better{of}: {endpoint_name(endpoint)}",
        f"Paired, with the 95 % interval; the dashed line is no difference. In colour: told apart "
        f"after Holm’s correction, {apart} of {count(len(rows), 'pair')}.",
        rows,
        Scale((-top, top), ticks, mark=0.0),
    )


def _row(pair: Pair, found: Estimate, endpoint: Endpoint, digits: int) -> Row:
    first, second, turned = in_order(pair, endpoint)
    better = mirrored(found, turned * endpoint.sign)
    estimate = better if isinstance(better, Estimate) else found
    ends, verdict = spread(estimate), pair.claim(endpoint).verdict
    inside, told = interval(estimate, digits), _told(pair, endpoint)
    says = " · ".join(filter(None, (number(estimate.value, digits), inside, told)))
    return Row(
        name=f"{first} over {second}",
        says=says,
        at=estimate.value,
        low=ends.low,
        high=ends.high,
        strong=verdict is Verdict.APART,
    )


def _told(pair: Pair, endpoint: Endpoint) -> str:
    """Print the p; where the mean alone does not say who is better, what ranks say."""
    claim, test = pair.claim(endpoint), pair.mean_test(endpoint)
    if claim.verdict is Verdict.TORN:
        return Verdict.TORN.value
    if claim.verdict is Verdict.TYPICAL:
        return f"{claim.typically} better in the typical study"
    return f"p {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
