"""Localisation: distributions, tables on the plane and in the volume, and tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.cells import mirrored, test_cell
from gliobench.adapters.html.figures.distributions import spread_figures
from gliobench.adapters.html.figures.forest import difference_forest
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
from gliobench.domain.comparison.endpoints import LEADING, PAIRED, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Pair, Verdict
from gliobench.domain.comparison.report import Report
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
