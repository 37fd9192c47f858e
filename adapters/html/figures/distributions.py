"""Distributions of scores over studies."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import SHARES, Scale, decades, upwards
from gliobench.adapters.html.numbers import number
from gliobench.adapters.html.words import endpoint_name
from gliobench.domain.comparison.distributions import SPREAD, Distribution
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.report import Report
from gliobench.domain.labels.regions import REGION_TITLES
from gliobench.domain.predictions.prediction import Form

QUARTILES = ("median", "first quartile", "third quartile")
DECADES = 100
"""Ratio of the largest to the smallest distance from which their scale is logarithmic."""

FINEST = 0.1
"""Millimetres below which distances lie at the left edge of a logarithmic scale."""


def spread_figures(report: Report, forms: Collection[Form] = tuple(Form)) -> list[Figure]:
    """Plot scores of all studies, one row per backend and region, the best median first if ranked."""
    figures = []
    for endpoint, regions in SPREAD:
        if endpoint.form not in forms:
            continue
        rows = []
        for region in regions:
            found = [
                (scores, arm.name)
                for arm in report.arms
                for scores in arm.distributions
                if (scores.endpoint, scores.region) == (endpoint, region)
            ]
            if report.cohort.is_ranked:
                found.sort(key=lambda row: -endpoint.sign * row[0].quartiles[1])
            rows += [_strip(scores, name, arm_ink(report, name)) for scores, name in found]
        if rows:
            figures.append(_spread(endpoint, rows))
    return figures


def _spread(endpoint: Endpoint, rows: Sequence[Strip]) -> Figure:
    heads = {"median": "median {}", "IQR": "IQR {}", "failed": "{} failed", "missed": "{} missed"}
    name = endpoint_name(endpoint)
    missed = "a region in only one of both masks" if endpoint.measure.regions else "“no tumour”"
    lost = f" Failed, and missed ({missed}), count as the worst answer and have no dot."
    return Rows(heads, rows, _scale(endpoint, rows), QUARTILES).figure(
        f"distribution-{endpoint.name}",
        f"{name[0].upper()}{name[1:]}",
        "Faint dots: studies; ring: median; bar: interquartile range."
        + (lost if any(any(row.cells[2:]) for row in rows) else ""),
    )


def _scale(endpoint: Endpoint, rows: Sequence[Strip]) -> Scale:
    """Run over what has a dot: distances from 0, or logarithmically where they differ a lot."""
    if not endpoint.measure.is_distance:
        return SHARES
    seen = [value for row in rows for value in row.singles]
    above = [value for value in seen if value > 0]
    if above and max(above) > DECADES * min(above):
        return decades(max(FINEST, min(above)), max(above), endpoint.measure.unit)
    return upwards(max(seen, default=1.0), endpoint.measure.unit)


def _strip(found: Distribution, name: str, ink: str) -> Strip:
    digits = found.endpoint.measure.digits
    low, middle, high = found.quartiles
    return Strip(
        name,
        (
            number(middle, digits),
            f"{number(low, digits)} to {number(high, digits)}",
            f"{found.n_failed:,}" if found.n_failed else "",
            f"{found.n_not_found:,}" if found.n_not_found else "",
        ),
        (middle, low, high),
        ink=ink,
        singles=found.values,
        group=f"{found.region.value}: {REGION_TITLES[found.region]}" if found.region else "",
    )
