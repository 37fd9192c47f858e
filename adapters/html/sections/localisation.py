"""Localisation: distributions, tables on the plane and in the volume, and tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.cells import mirrored, test_cell
from gliobench.adapters.html.figures.drawing import Figure
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.figures.rows import Scale, Strip, row_figure
from gliobench.adapters.html.figures.scale import scale
from gliobench.adapters.html.numbers import count, number
from gliobench.adapters.html.tables import (
    IN_VOLUME,
    NOTHING,
    ON_PLANE,
    Cell,
    Column,
    Group,
    Row,
    Table,
    detection_table,
    localisation_table,
    measured_cell,
)
from gliobench.adapters.html.words import endpoint_name, in_order
from gliobench.domain.comparison.distributions import SPREAD, Distribution
from gliobench.domain.comparison.endpoints import LEADING, PAIRED, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.statistics.estimate import Estimate, Measured
from gliobench.domain.statistics.wilcoxon import SignedRank


def localisation(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    is_primary = report.primary == POINT_ERROR
    return {
        "forest_of_points": None if is_primary else difference_forest(report, POINT_ERROR),
        "spreads": spread_figures(report),
        "on_plane": localisation_table(report, ON_PLANE),
        "in_volume": localisation_table(report, IN_VOLUME),
        "detection": detection_table(report),
        "pairs": paired_places(report),
    }


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


def paired_places(report: Report) -> Table | None:
    """Tabulate pairwise differences of localisation, by form."""
    columns = (
        Column("Difference of means", "First minus second, with the paired 95 % CI"),
        Column(
            "p (mean)",
            "The larger p of the permutation test and of the CI with failure rates at their exact limits; "
            "below, Holm-adjusted",
        ),
        Column("Shift", "Hodges–Lehmann estimate of the median difference, with 95 % CI"),
        Column("Wilcoxon, p", "Signed-rank test; below, Holm-adjusted"),
    )
    groups = []
    for endpoint in PAIRED:
        rows = tuple(_shifted(report.pairs, endpoint))
        if rows:
            name = endpoint_name(endpoint)
            better = "higher is better" if endpoint.sign > 0 else "lower is better"
            groups.append(Group(f"{name[0].upper()}{name[1:]}: {better}", rows))
    return Table(columns, tuple(groups)) if groups else None


def _shifted(pairs: Sequence[Pair], endpoint: Endpoint) -> Iterator[Row]:
    digits = endpoint.measure.digits
    for pair in pairs:
        difference = pair.difference(endpoint)
        if isinstance(difference, Estimate):
            first, second, turned = in_order(pair, endpoint)
            yield Row(
                f"{first} − {second}",
                str(difference.n),
                (
                    _turn(difference, turned, digits),
                    test_cell(pair.mean_test(endpoint)),
                    _shift(pair, endpoint, turned, digits),
                    _ranked(pair, endpoint),
                ),
            )


def _shift(pair: Pair, endpoint: Endpoint, turned: int, digits: int) -> Cell:
    shift = pair.shifts.get(endpoint.form) if endpoint in LEADING and endpoint.form else None
    return _turn(shift.shift if isinstance(shift, SignedRank) else None, turned, digits)


def _ranked(pair: Pair, endpoint: Endpoint) -> Cell:
    cell, verdict = test_cell(pair.rank_test(endpoint)), pair.claim(endpoint).verdict
    if verdict is Verdict.TORN:
        return replace(cell, small=f"{cell.small} · {verdict.value}")
    return cell


def _turn(measured: Measured | None, turned: int, digits: int) -> Cell:
    return NOTHING if measured is None else measured_cell(mirrored(measured, turned), digits)
