"""Blocks on pairs of backends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.blocks import Block, Closed, Gallery
from gliobench.adapters.html.cells import mirrored, test_cell
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.tables import (
    NOTHING,
    Cell,
    Column,
    Group,
    Row,
    Table,
    measured_cell,
)
from gliobench.adapters.html.words import endpoint_name, in_order
from gliobench.domain.comparison.endpoints import LEADING, PAIRED, Endpoint
from gliobench.domain.comparison.pair import Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Measured
from gliobench.domain.statistics.wilcoxon import SignedRank


def forest_blocks(report: Report, endpoint: Endpoint) -> Iterator[Block]:
    """Yield the forest of all pairs in an endpoint, those of two baselines closed."""
    forest = difference_forest(report, endpoint)
    if forest is None:
        return
    yield Gallery([forest.pairs], "one")
    if forest.baselines is not None:
        yield Closed("Comparisons between baselines", [Gallery([forest.baselines], "one")])


def paired_places(report: Report, forms: Collection[Form]) -> Table | None:
    """Tabulate pairwise differences of localisation, by form; None without any."""
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
        rows = tuple(_shifted(report.pairs, endpoint)) if endpoint.form in forms else ()
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
