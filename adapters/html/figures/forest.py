"""The forest plot of pairwise differences between backends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gliobench.adapters.html.cells import mirrored
from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import around_zero, spread
from gliobench.adapters.html.numbers import count, interval, number
from gliobench.adapters.html.words import endpoint_name, in_order, p_value
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.pair import ALPHA, Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.estimate import Estimate, NotEstimable

HEADS = {
    "difference": "{}",
    "95 % CI": "{}",
    "p (Holm)": "p {}",
    "better in the typical study": "typical study: {}",
    "": "{}",
}


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
    figure = _figure(report, models, endpoint)
    return Forest(
        figure, _figure(report, others, endpoint, " between baselines") if others else None
    )


def _figure(
    report: Report, pairs: Sequence[tuple[Pair, Estimate]], endpoint: Endpoint, of: str = ""
) -> Figure:
    rows = sorted(
        (_row(report, pair, found, endpoint) for pair, found in pairs),
        key=lambda row: -row.values[0],
    )
    significant = sum(row.strong for row in rows)
    return Rows(
        HEADS,
        rows,
        around_zero([value for row in rows for value in row.values]),
    ).figure(
        f"forest-{endpoint.name}{of.replace(' ', '-')}",
        f"Advantage of the first backend{of}: {endpoint_name(endpoint)}",
        f"Paired difference with 95 % CI, sorted; dashed: no difference. Filled: statistically significant "
        f"(Holm-adjusted p < {ALPHA:g}), {significant} of {count(len(rows), 'pair')}.",
    )


def _row(report: Report, pair: Pair, found: Estimate, endpoint: Endpoint) -> Strip:
    """Print the p of the mean only where the ranks support the same."""
    first, second, turned = in_order(pair, endpoint)
    better = mirrored(found, turned * endpoint.sign)
    estimate = better if isinstance(better, Estimate) else found
    ends, claim, test = spread(estimate), pair.claim(endpoint), pair.mean_test(endpoint)
    digits, typical = endpoint.measure.digits, claim.verdict is Verdict.TYPICAL
    torn = Verdict.TORN.value if claim.verdict is Verdict.TORN else ""
    untested = test is None or isinstance(test.p, NotEstimable)
    return Strip(
        name=f"{first} vs {second}",
        cells=(
            number(estimate.value, digits),
            interval(estimate, digits),
            "" if typical or torn or untested else p_value(test and test.adjusted),
            (typical and claim.typically) or "",
            torn,
        ),
        values=(estimate.value, ends.low, ends.high),
        ink=arm_ink(report, first),
        strong=claim.verdict is Verdict.APART,
    )
