"""Performance in subgroups of the cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple

from gliobench.adapters.html.blocks import Block, Closed, Numbers, Part, Prose
from gliobench.adapters.html.numbers import (
    capital,
    count,
    interval,
    joined,
    listed,
    number,
    subgroup_name,
)
from gliobench.adapters.html.tables import NOTHING, Cell, Column, tabulate, test_cell
from gliobench.adapters.html.words import endpoint_name, p_value
from gliobench.domain.comparison.endpoints import AUROC, BALANCED_ACCURACY, Endpoint
from gliobench.domain.comparison.metadata_facts import MetadataFacts
from gliobench.domain.comparison.report import (
    Arm,
    Report,
    Stratum,
    StratumRow,
    SubgroupScore,
    SubgroupTest,
)
from gliobench.domain.labels.regions import NESTED, Region
from gliobench.domain.metrics.measures import CENTRE_ERROR, CENTRE_ERROR_3D, leading
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import Estimate
from gliobench.domain.statistics.heterogeneity import FEWEST

MOST_CLAIMS, MOST_VALUES = 6, 4
"""More claims, and values of one, are left to the tables."""
NO_CLAIM = (
    "No measure below of a model differs statistically significantly between subgroups (Holm-adjusted "
    "p ≥ 0.05). Small subgroups show large differences only."
)
NOTE = (
    f"Failures count as the worst answer. Grey: fewer than {FEWEST} studies, not tested. Detectable: the "
    "smallest difference from the other subgroups that is detected with a power of 80 %. p: permutation "
    "test of equal means in all subgroups; below it, Holm-adjusted over the properties."
)
Parts = Mapping[str, Sequence[Stratum]]
"""The subgroups of each property."""


class Shown(NamedTuple):
    """What a table shows: an endpoint, of masks in a region."""

    endpoint: Endpoint
    region: Region | None = None

    def matches(self, found: SubgroupScore | SubgroupTest) -> bool:
        """Return whether a score or a test is of it."""
        wanted = (self.endpoint.form, self.region, self.endpoint.measure)
        return (found.form, found.region, found.measure) == wanted

    def score(self, row: StratumRow) -> SubgroupScore | None:
        """Look up the score of a row."""
        return next(filter(self.matches, row.scores), None)

    @property
    def name(self) -> str:
        """Its name in the middle of a sentence."""
        if self.region:
            return f"{self.endpoint.measure.title} {self.region.value}"
        mean = "mean " if self.endpoint.measure.is_distance else ""
        return f"{mean}{endpoint_name(self.endpoint)}"

    @property
    def title(self) -> str:
        """Its name at the beginning of a sentence."""
        return capital(self.name)


def subgroups(report: Report) -> Iterator[Block]:
    """Yield the section; a property is closed unless a model differs significantly by it."""
    parts = {
        by: found
        for by, group in groupby(report.subgroups, key=lambda part: part.by)
        if len(found := list(group)) > 1
    }
    shown = [item for item in _all_shown(report) if _arms(report, item)] if parts else []
    if shown and report.cohort.is_ranked:
        yield Prose(list(_claims(report, shown, parts)) or [NO_CLAIM], "claims")
    yield Prose(list(_metadata(report.metadata)), "note")
    yield Prose([NOTE] if shown else [], "note")
    for item in shown:
        yield _measured(report, parts, item)


def _all_shown(report: Report) -> list[Shown]:
    """List the measures of the league table; of centre errors one."""
    dice = Endpoint(leading(Form.MASK), Form.MASK)
    points = [Endpoint(CENTRE_ERROR, Form.POINT), Endpoint(CENTRE_ERROR_3D, Form.POINT_3D)]
    first = Shown(report.primary, Region.WT if report.primary.form is Form.MASK else None)
    found = [first, Shown(BALANCED_ACCURACY), Shown(AUROC)]
    found += [Shown(dice, region) for region in NESTED]
    found += [item for item in map(Shown, points) if _arms(report, item)][:1]
    return list(dict.fromkeys(found))


def _has_values(parts: Sequence[Stratum], shown: Shown) -> bool:
    """Return whether any backend has a value in any of the subgroups."""
    scores = (shown.score(row) for part in parts for row in part.rows)
    return any(isinstance(score.value, Estimate) for score in scores if score)


def _arms(report: Report, shown: Shown) -> list[Arm]:
    """List the backends with a score of any subgroup."""
    return [
        arm
        for at, arm in enumerate(report.arms)
        if any(
            isinstance(score.value, Estimate)
            for part in report.subgroups
            if (score := shown.score(part.rows[at]))
        )
    ]


def _tests(report: Report, shown: Shown) -> dict[tuple[str, str], SubgroupTest]:
    """Return the tests by property and backend."""
    return {(test.by, test.arm): test for test in report.subgroup_tests if shown.matches(test)}


def _found(report: Report, shown: Shown) -> list[SubgroupTest]:
    """List the significant tests of models."""
    models = {arm.name for arm in report.arms if not arm.baseline}
    tests = _tests(report, shown).values()
    return [test for test in tests if test.is_significant and test.arm in models]


def _claims(report: Report, shown: Sequence[Shown], parts: Parts) -> Iterator[str]:
    """State by which properties which model differs, the smallest p first."""
    found = [(item, test) for item in shown for test in _found(report, item)]
    found.sort(key=lambda one: one[1].adjusted if isinstance(one[1].adjusted, float) else 1.0)
    for item, test in found[:MOST_CLAIMS]:
        p = p_value(test.adjusted)
        yield (
            f"{test.arm}: {item.name} differs by {test.by} (Holm-adjusted p {p if p[0] == '<' else f'= {p}'}): "
            f"{_values(item, test, parts[test.by])}."
        )
    if len(found) > MOST_CLAIMS:
        yield f"{len(found) - MOST_CLAIMS} more significant differences are in the tables."


def _values(shown: Shown, test: SubgroupTest, parts: Sequence[Stratum]) -> str:
    """List the values of the subgroups that were tested; of many, the smallest and the largest."""
    values = [
        (score.value.value, part.name)
        for part in parts
        for row in part.rows
        if row.arm == test.arm and (score := shown.score(row)) and _is_claimed(score)
        if isinstance(score.value, Estimate)
    ]
    digits = shown.endpoint.measure.digits
    chosen = values if len(values) <= MOST_VALUES else [min(values), max(values)]
    texts = [f"{number(value, digits)} ({name})" for value, name in chosen]
    return listed(texts) if chosen is values else f"from {texts[0]} to {texts[1]}"


def _is_claimed(score: SubgroupScore) -> bool:
    return isinstance(score.value, Estimate) and score.value.n >= FEWEST


def _measured(report: Report, parts: Parts, shown: Shown) -> Block:
    """Tabulate one measure, with the properties by which a model differs open."""
    parts = {by: group for by, group in parts.items() if _has_values(group, shown)}
    differing = {test.by for test in _found(report, shown)}
    table = partial(_table, report, shown)
    first = table({by: group for by, group in parts.items() if by in differing})
    others = {by: group for by, group in parts.items() if by not in differing}
    names = listed(list(others)) if others else ""
    if not differing:
        return Closed(f"{shown.title} by {names}", [table(others)])
    return Part(shown.title, [first, Closed(f"Other subgroups: {names}", [table(others)])])


def _table(report: Report, shown: Shown, parts: Parts) -> Numbers:
    columns = [_column(arm, shown) for arm in _arms(report, shown)]
    tests = _tests(report, shown)
    groups = {capital(by): list(_rows(by, group, shown, tests)) for by, group in parts.items()}
    return Numbers(tabulate(columns, groups), f"{shown.title} by subgroup.", head="Subgroup")


def _column(arm: Arm, shown: Shown) -> Column[Mapping[str, Cell]]:
    return Column(
        arm.name, f"{shown.title}, {arm.name}", lambda cells: cells.get(arm.name, NOTHING)
    )


def _rows(
    by: str, parts: Sequence[Stratum], shown: Shown, tests: Mapping[tuple[str, str], SubgroupTest]
) -> Iterator[tuple[str, object, Mapping[str, Cell]]]:
    """Yield a row a subgroup, then the tests of the property."""
    for part in parts:
        cells = {row.arm: _cell(shown, row) for row in part.rows}
        yield subgroup_name(part.name, part.edges, part.unit), part.rows[0].n, cells
    found = {arm: test_cell(test) for (of, arm), test in tests.items() if of == by}
    if any(cell != NOTHING for cell in found.values()):
        yield "p (heterogeneity)", "", found


def _cell(shown: Shown, row: StratumRow) -> Cell:
    score, digits = shown.score(row), shown.endpoint.measure.digits
    if score is None or not isinstance(score.value, Estimate):
        return NOTHING
    own = f"n = {score.value.n}" if score.value.n != row.n else ""
    detects = ""
    if isinstance(score.detectable, float) and _is_claimed(score):
        detects = f"detectable {number(score.detectable, digits)}"
    failed = f"{row.n_failed} failed" if row.n_failed else ""
    small = joined(interval(score.value, digits), own, failed, detects)
    return Cell(number(score.value.value, digits), small, few=not _is_claimed(score))


NAMED = 12
"""Up to this many rows are listed; more are only counted."""


def _metadata(found: MetadataFacts | None) -> Iterator[str]:
    """State how the table was joined, and what was unknown in it; nothing without a table."""
    if found is None:
        return
    whose = "patients" if found.by_patient else "studies"
    text = f"Metadata: {count(found.n_rows, 'row')}, joined by {found.id_column} ({whose})."
    if found.n_unmatched:
        named = found.n_unmatched <= NAMED
        rows = f" (row {listed([str(row) for row in found.unmatched_rows])})" if named else ""
        text += f" {count(found.n_unmatched, 'row')} matched no study{rows}."
    if found.n_without_row:
        text += f" {_studies(found.n_without_row)} without a row: unknown in every column."
    yield text
    unknown = [f"{item.name} in {item.n_unknown:,}" for item in found.columns if item.n_unknown]
    if unknown:
        yield f"Unknown, and in no subgroup: {listed(unknown)} studies."
    if not found.columns:
        yield "No column suited: name those that divide the cohort, --subgroup COLUMN."


def _studies(n: int) -> str:
    return "1 study is" if n == 1 else f"{n:,} studies are"
