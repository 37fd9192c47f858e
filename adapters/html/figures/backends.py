"""Figures with one row per backend: skill, ranks, scores of single studies, and failures."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.figures.drawing import Figure, arm_ink
from gliobench.adapters.html.figures.rows import Rows, Strip
from gliobench.adapters.html.figures.scale import SHARES, Scale, decades, spread, upwards
from gliobench.adapters.html.numbers import capital, interval, number, percent
from gliobench.adapters.html.words import (
    endpoint_name,
    ranked,
    ranked_by,
    rival_name,
    tracking_indices,
)
from gliobench.domain.comparison.distributions import SPREAD, Distribution
from gliobench.domain.comparison.endpoints import Endpoint
from gliobench.domain.comparison.ranking import Ranking
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.labels.regions import REGION_TITLES
from gliobench.domain.metrics import measures
from gliobench.domain.position.tracking import FOLLOWS
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.studies.grading_target import class_name

DECADES = 100
"""Ratio of the largest to the smallest distance from which their scale is logarithmic."""
FINEST = 0.1
"""Millimetres below which distances lie at the left edge of a logarithmic scale."""
NAMED = 3
"""Most frequent reasons of failures, which have a part of their own."""


def glance_figures(report: Report) -> list[Figure]:
    """Plot accuracy, balanced accuracy and the tracking index of all backends."""
    return [*_gradings(report), *_tracking(report)]


def _gradings(report: Report) -> Iterator[Figure]:
    graded = next((arm.grading for arm in report.arms if arm.grading is not None), None)
    if graded is None:
        return
    always = f"Dashed: always answering {class_name(graded.commoner)} would score {percent(graded.no_skill)}."
    mean = "Mean of sensitivity and specificity. Dashed: chance."
    for measure, bar, says in (
        (measures.ACCURACY, graded.no_skill, always),
        (measures.BALANCED_ACCURACY, 0.5, mean),
    ):
        if (found := ranked(report, Endpoint(measure))) and bar is not None:
            yield _skill(report, found, replace(SHARES, mark=bar), above=bar).figure(
                f"glance-{measure.key.replace('_', '-')}",
                measure.title,
                f"{says} Filled: 95 % CI above the dashed line.",
            )


def _tracking(report: Report) -> Iterator[Figure]:
    if found := tracking_indices(report):
        least = min(spread(estimate).low for _, estimate in found)
        scale = replace(SHARES, ends=(-0.25 if least < -0.02 else 0.0, 1.0), mark=0.0)
        yield _skill(report, found, scale, above=FOLLOWS).figure(
            "glance-tracking-index",
            "Tracking index",
            "1: every answer at its tumour’s centre; 0 (dashed): independent of tumour position. "
            f"Filled: 95 % CI above {FOLLOWS:g}.",
        )


def _skill(
    report: Report, found: Sequence[tuple[str, Estimate]], scale: Scale, *, above: float
) -> Rows:
    rows = [
        Strip(
            name,
            (number(estimate.value), interval(estimate)),
            (estimate.value, ends.low, ends.high),
            ink=arm_ink(report, name),
            strong=ends.low > above,
        )
        for name, estimate in found
        for ends in [spread(estimate)]
    ]
    return Rows({"value": "{}", "95 % CI": "{}"}, rows, scale)


def rank_figures(report: Report) -> list[Figure]:
    """Plot how often each backend has each rank, a picture per endpoint and method."""
    found = sorted(report.rankings, key=lambda ranking: not ranking.leads)
    return [_ranks(report, ranking) for ranking in found]


def _ranks(report: Report, ranking: Ranking) -> Figure:
    rows = [
        Strip(
            rival_name(found),
            (str(found.rank), f"{found.low} to {found.high}", percent(found.shares[0])),
            (found.rank, found.low, found.high),
            ink=arm_ink(report, found.arms[0]),
            shares={rank: share for rank, share in enumerate(found.shares, start=1) if share},
        )
        for found in ranking.ranks
    ]
    heads = {"rank": "rank {}", "95 % of resamples": "{} in 95 %", "first": "first in {}"}
    scale = Scale((0.5, len(rows) + 0.5), range(1, len(rows) + 1), "rank")
    return Rows(heads, rows, scale, ("rank", "2.5th percentile", "97.5th percentile")).figure(
        f"ranks-{ranking.name}",
        f"Stability of ranks: {ranked_by(ranking)}",
        "Ring: rank in this cohort; discs: share of bootstrap resamples with that rank, as area; bar: "
        "central 95 % of resamples.",
    )


def spread_figures(report: Report, forms: Collection[Form] = tuple(Form)) -> list[Figure]:
    """Plot scores of all studies, one row per backend and region, the best median first if ranked."""
    figures = []
    for endpoint, regions in SPREAD:
        found = [
            (regions.index(scores.region), scores, arm.name)
            for arm in report.arms
            for scores in arm.distributions
            if scores.endpoint == endpoint and endpoint.form in forms
        ]
        best = -endpoint.sign if report.cohort.is_ranked else 0
        found.sort(key=lambda row: (row[0], best * row[1].quartiles[1]))
        if found:
            rows = [_scores(scores, name, arm_ink(report, name)) for _, scores, name in found]
            figures.append(_spread(endpoint, rows))
    return figures


def _spread(endpoint: Endpoint, rows: Sequence[Strip]) -> Figure:
    heads = {"median": "median {}", "IQR": "IQR {}", "failed": "{} failed", "missed": "{} missed"}
    name = endpoint_name(endpoint)
    missed = "a region in only one of both masks" if endpoint.measure.regions else "“no tumour”"
    lost = f" Failed, and missed ({missed}), count as the worst answer and have no dot."
    quantities = ("median", "first quartile", "third quartile")
    return Rows(heads, rows, _scale(endpoint, rows), quantities).figure(
        f"distribution-{endpoint.name}",
        capital(name),
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


def _scores(found: Distribution, name: str, ink: str) -> Strip:
    low, middle, high = found.quartiles
    first, median, third = (
        number(value, found.endpoint.measure.digits) for value in found.quartiles
    )
    lost = (f"{n:,}" if n else "" for n in (found.n_failed, found.n_not_found))
    return Strip(
        name,
        (median, f"{first} to {third}", *lost),
        (middle, low, high),
        ink=ink,
        singles=found.values,
        group=f"{found.region.value}: {REGION_TITLES[found.region]}" if found.region else "",
    )


def failure_figures(report: Report) -> list[Figure]:
    """Stack the failures of all backends by reason; none where nothing failed."""
    failing = [arm for arm in report.arms if arm.failures[0].n]
    if not failing:
        return []
    counts = {reason: sum(_n(arm, reason) for arm in failing) for reason in FailureReason}
    reasons = sorted(filter(counts.get, counts), key=lambda reason: -counts[reason])
    if report.cohort.is_ranked:
        failing.sort(key=lambda arm: -arm.failures[0].n)
    rows = [_failed(arm, reasons, arm_ink(report, arm.name)) for arm in failing]
    scale = upwards(max(sum(row.parts.values()) for row in rows), "% of studies")
    heads = {"failed": "{}", "studies": "{}", "by reason, from left to right": "{}"}
    figure = Rows(heads, rows, scale).figure(
        "failures",
        "Failures by reason",
        "A study with two reasons counts in both parts of a bar, and once in the share that failed.",
    )
    return [figure]


def _failed(arm: Arm, reasons: Sequence[FailureReason], ink: str) -> Strip:
    counts = {reason.value.replace("_", " "): _n(arm, reason) for reason in reasons[:NAMED]}
    counts["other"] = sum(_n(arm, reason) for reason in reasons[NAMED:])
    failed, n = arm.failures[0].n, arm.summary.n_studies
    words = ", ".join(f"{reason} {count:,}" for reason, count in counts.items() if count)
    return Strip(
        arm.name,
        (percent(failed / n), f"{failed:,} of {n:,}", words),
        ink=ink,
        parts={reason: 100 * count / n for reason, count in counts.items()},
    )


def _n(arm: Arm, reason: FailureReason) -> int:
    return next((found.n for found in arm.failures if found.reason is reason), 0)
