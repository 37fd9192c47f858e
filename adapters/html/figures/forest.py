"""The forest plot of pairwise differences between backends."""

from __future__ import annotations

from collections.abc import Sequence

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import around_zero, spread
from gliobench.adapters.html.numbers import count, interval, mirrored, number
from gliobench.adapters.html.words import endpoint_name, in_order, p_value
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.pair import ALPHA, Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.statistics.estimate import Estimate

HEADS = {
    "difference": "{}",
    "95 % CI": "{}",
    "p (Holm)": "p {}",
    "better in the typical study": "typical study: {}",
    "": "{}",
}


def difference_forest(
    report: Report, endpoint: Endpoint
) -> tuple[Sequence[Figure], Sequence[Figure]]:
    """Plot all pairs of backends that answer an endpoint.

    Returns:
        The figure of pairs with at least one model, or of all where there are only baselines; then that
        of pairs of two baselines. Either is empty without such pairs.
    """
    rules = {arm.name for arm in report.arms if arm.baseline}
    found = [
        ({pair.first, pair.second} <= rules, _row(report, pair, one, endpoint))
        for pair in report.pairs
        if isinstance(one := pair.difference(endpoint), Estimate)
    ]
    models = [row for ruled, row in found if not ruled]
    others = [row for ruled, row in found if ruled]
    if not models:
        return _figure(others, endpoint), ()
    return _figure(models, endpoint), _figure(others, endpoint, " between baselines")


def _figure(found: Sequence[Strip], endpoint: Endpoint, of: str = "") -> Sequence[Figure]:
    if not found:
        return ()
    rows = sorted(found, key=lambda row: -row.values[0])
    scale = around_zero([value for row in rows for value in row.values])
    figure = Rows(HEADS, rows, scale).figure(
        f"forest-{endpoint.name}{of.replace(' ', '-')}",
        f"Advantage of the first backend{of}: {endpoint_name(endpoint)}",
        f"Paired difference with 95 % CI, sorted; dashed: no difference. Filled: statistically significant "
        f"(Holm-adjusted p < {ALPHA:g}), {sum(row.strong for row in rows)} of "
        f"{count(len(rows), 'pair')}.",
    )
    return (figure,)


def _row(report: Report, pair: Pair, found: Estimate, endpoint: Endpoint) -> Strip:
    """Print the p of the mean only where the ranks support the same."""
    first, second, turned = in_order(pair, endpoint)
    better = mirrored(found, turned * endpoint.sign)
    estimate = better if isinstance(better, Estimate) else found
    claim, test, ends = pair.claim(endpoint), pair.mean_test(endpoint), spread(estimate)
    digits, verdict = endpoint.measure.digits, claim.verdict
    odd = verdict in (Verdict.TYPICAL, Verdict.TORN)
    return Strip(
        name=f"{first} vs {second}",
        cells=(
            number(estimate.value, digits),
            interval(estimate, digits),
            "" if odd else p_value(test and test.adjusted),
            (claim.typically or "") if verdict is Verdict.TYPICAL else "",
            verdict.value if verdict is Verdict.TORN else "",
        ),
        values=(estimate.value, ends.low, ends.high),
        ink=arm_ink(report, first),
        strong=verdict is Verdict.APART,
    )
