"""Distributions of scores over studies."""

from __future__ import annotations

from collections.abc import Sequence

from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import scale
from gliobench.adapters.html.numbers import count, number
from gliobench.adapters.html.words import endpoint_name
from gliobench.domain.comparison.distributions import SPREAD, Distribution
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics.measures import WORST_MM


def spread_figures(report: Report) -> list[Figure]:
    """Plot centre error and box IoU of all studies, one row per backend, the best median first if ranked."""
    figures = []
    for form, measure in SPREAD:
        endpoint = Endpoint(measure, form)
        found = [
            (arm.name, distribution)
            for arm in report.arms
            for distribution in arm.distributions
            if distribution.endpoint == endpoint
        ]
        if found:
            if report.cohort.is_ranked:
                found.sort(key=lambda row: -endpoint.sign * row[1].quartiles[1])
            figures.append(_spread(endpoint, found))
    return figures


def _spread(endpoint: Endpoint, found: Sequence[tuple[str, Distribution]]) -> Figure:
    step, top = 0.25, 1.0
    if endpoint.measure.is_distance:
        seen = [value for _, one in found for value in (*one.values, one.quartiles[1])]
        step, top = scale(min(max(seen), WORST_MM - 1))
    name = endpoint_name(endpoint)
    failed = (
        " A failure or a missed tumour counts as the worst answer and has no dot."
        if any(one.n_failed or one.n_not_found for _, one in found)
        else ""
    )
    return row_figure(
        f"distribution-{endpoint.name}",
        f"{name[0].upper()}{name[1:]}",
        f"Faint dots: studies; dot: median; bar: interquartile range.{failed}",
        [_strip(name, one, digits=endpoint.measure.digits) for name, one in found],
        Scale((0.0, top), [at * step for at in range(round(top / step) + 1)]),
    )


def _strip(name: str, found: Distribution, *, digits: int) -> Strip:
    low, middle, high = found.quartiles
    iqr = f"{number(low, digits)} to {number(high, digits)}"
    failed = f" · {count(found.n_failed, 'failure')}" if found.n_failed else ""
    failed += f" · {found.n_not_found:,} not found" if found.n_not_found else ""
    says = f"median {number(middle, digits)} · IQR {iqr}{failed}"
    return Strip(name, says, middle, low, high, strong=True, singles=found.values)
