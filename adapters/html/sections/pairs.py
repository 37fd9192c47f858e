"""Blocks on pairs of backends."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Prose
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.numbers import capital, mirrored
from gliobench.adapters.html.stamps import few_studies
from gliobench.adapters.html.tables import (
    NOTHING,
    Cell,
    Column,
    Table,
    measured_cell,
    tabulate,
    test_cell,
)
from gliobench.adapters.html.words import endpoint_name, in_order
from gliobench.domain.comparison.endpoints import LEADING, PAIRED, POINT_ERROR, Endpoint
from gliobench.domain.comparison.pair import Pair, Verdict
from gliobench.domain.comparison.report import Report
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate, Measured
from gliobench.domain.statistics.wilcoxon import SignedRank


def forests(report: Report, forms: Collection[Form | None]) -> Iterator[Block]:
    """Yield the forests of all pairs in the main endpoints, those of two baselines closed.

    Args:
        report: The report.
        forms: Forms of the endpoints to draw; None stands for grades.
    """
    for endpoint in dict.fromkeys((report.primary, POINT_ERROR)):
        if endpoint.form in forms:
            models, baselines = difference_forest(report, endpoint)
            if models and endpoint.form is None:
                yield Prose([stamp.text for stamp in few_studies(report)], "note")
            yield Gallery(models, "one")
            yield Closed("Comparisons between baselines", [Gallery(baselines, "one")])


PAIRED_NOTE = (
    "Over patients, the better mean first. The p of a mean allows for failures that were not observed, "
    "its CI does not."
)


def pairwise(table: Table | None, caption: str = PAIRED_NOTE) -> Block:
    """Return a table of pairs, closed."""
    return Closed("Pairwise comparisons", [Numbers(table, caption, head="Pair")])


def paired_places(report: Report, forms: Collection[Form]) -> Table | None:
    """Tabulate pairwise differences of localisation, by form; None without any."""
    groups = {}
    for endpoint in PAIRED:
        if endpoint.form in forms:
            name = endpoint_name(endpoint)
            better = "higher is better" if endpoint.sign > 0 else "lower is better"
            title = f"{capital(name)}: {better}"
            groups[title] = list(_shifted(report.pairs, endpoint))
    return tabulate(COLUMNS, groups)


Turned = tuple[Pair, Endpoint, int]
"""A pair, what it is compared by, and -1 where its second backend comes first."""


def _shifted(pairs: Sequence[Pair], endpoint: Endpoint) -> Iterator[tuple[str, int, Turned]]:
    for pair in pairs:
        difference = pair.difference(endpoint)
        if isinstance(difference, Estimate):
            first, second, sign = in_order(pair, endpoint)
            yield f"{first} − {second}", difference.n, (pair, endpoint, sign)


def _difference(found: Turned) -> Cell:
    pair, endpoint, sign = found
    return _turned(pair.difference(endpoint), endpoint, sign)


def _shift(found: Turned) -> Cell:
    pair, endpoint, sign = found
    shift = pair.shifts.get(endpoint.form) if endpoint in LEADING and endpoint.form else None
    return _turned(shift.shift if isinstance(shift, SignedRank) else None, endpoint, sign)


def _turned(measured: Measured | None, endpoint: Endpoint, sign: int) -> Cell:
    digits = endpoint.measure.digits
    return NOTHING if measured is None else measured_cell(mirrored(measured, sign), digits)


def _ranked(found: Turned) -> Cell:
    pair, endpoint, _ = found
    cell, verdict = test_cell(pair.rank_test(endpoint)), pair.claim(endpoint).verdict
    if verdict is Verdict.TORN:
        return replace(cell, small=f"{cell.small} · {verdict.value}")
    return cell


COLUMNS: Sequence[Column[Turned]] = (
    Column("Difference of means", "First minus second, with the paired 95 % CI", _difference),
    Column(
        "p (mean)",
        "The larger p of the permutation test and of the CI with failure rates at their exact limits; "
        "below, Holm-adjusted",
        lambda found: test_cell(found[0].mean_test(found[1])),
    ),
    Column("Shift", "Hodges–Lehmann estimate of the median difference, with 95 % CI", _shift),
    Column("Wilcoxon, p", "Signed-rank test; below, Holm-adjusted", _ranked),
)
