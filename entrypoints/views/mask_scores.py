"""Scores of masks: a table for the terminal, CSV by study, and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from math import isnan
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table

from gliobench.domain.evaluation.scores import CaseScore, score_names
from gliobench.domain.evaluation.summary import FormSummary
from gliobench.domain.files.tables import write_csv
from gliobench.domain.labels.exchanged_tissues import EXCHANGED
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import Measure, scored_in
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import UNMEASURED, Estimate, Interval, Measured
from gliobench.entrypoints.container.mask_scores import MaskScores
from gliobench.entrypoints.terminal import plain
from gliobench.entrypoints.views.summary_table import measured_cell

COLUMNS = ("study_id", "failure", "detail")
"""Before the scores of a study."""
TITLE_WIDTH, CELL_WIDTH = 27, 14
NOTE = (
    "[dim]Mean over all studies; below, 95 % CI. A failure counts as the worst score; n: studies, where "
    "not all have the measure. HD95 without a year is MONAI's definition, not BraTS's.[/]"
)

EQUAL = (
    "All masks are equal to the references, voxel for voxel: check that they are predictions, and not "
    "the same files."
)
NONE = (
    "All masks are empty, where the references hold a tumour: check that they hold labels, and no "
    "probabilities rounded down."
)


def score_table(found: MaskScores, *, width: int) -> RenderableType:
    """Tabulate measures by region, means with intervals; failures and stray files below.

    Args:
        found: The scores.
        width: Of the terminal, in letters; regions that do not fit are in a table below.
    """
    rows = iter(found.scored.rows)
    at_once = max(1, (width - TITLE_WIDTH) // CELL_WIDTH)
    tables = iter(lambda: list(islice(rows, at_once)), [])
    return Group(*(_table(found, some) for some in tables), NOTE, *_remarks(found))


def _table(found: MaskScores, rows: Sequence[FormSummary]) -> Table:
    scored = found.scored
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    n = len(scored.cases)
    studies = f"{n} {'study' if n == 1 else 'studies'}, {scored.n_failed} failed"
    table.add_column(studies, no_wrap=True)
    for row in rows:
        table.add_column(row.region.value if row.region else "", justify="right")
    for measure in scored_in(Form.MASK, found.sets):
        if measure.chosen_by is None or measure.in_tables:
            table.add_row(measure.heading, *(_cell(row, measure) for row in rows))
    return table


def _cell(row: FormSummary, measure: Measure) -> str:
    found = row.measures.get(measure, UNMEASURED)
    own = f"\n[dim]n {found.n}[/]" if isinstance(found, Estimate) and found.n != row.n else ""
    return measured_cell(found, measure.digits) + own


def _remarks(found: MaskScores) -> Iterator[str]:
    labels = f"Labels: {plain(found.labels.name)}"
    if found.prediction_labels != found.labels:
        labels += f"; of the predictions: {plain(found.prediction_labels.name)}"
    yield labels
    if found.scored.equal_to_references:
        yield f"[yellow]{EQUAL}[/]"
    if found.scored.finds_none:
        yield f"[yellow]{NONE}[/]"
    if found.scored.fit:
        yield f"[yellow]{found.scored.fit.sentence('The masks')}[/]"
    if found.exchanged:
        yield f"[yellow]In the predictions, {EXCHANGED}: declare them by --prediction-labels.[/]"
    failed = [case for case in found.scored.cases if case.failures]
    yield from _few("Failed", [f"{case.study_id}: {case.failures[0].detail}" for case in failed])
    unread = [f"{name}: {why}" for name, why in found.scored.unread.items()]
    yield from _few("Reference not readable, not scored", unread)
    yield from _few("Predictions of no reference", found.strays)
    yield from _few("Beside the references, not read", found.passed_over)


def _few(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        shown = "\n  ".join(map(plain, lines[:5]))
        more = f"\n  and {len(lines) - 5} more" if len(lines) > 5 else ""
        yield f"[yellow]{title}: {len(lines)}[/]\n  {shown}{more}"


def score_csv(found: MaskScores) -> str:
    """Write a row a study: its failure, and every score by region."""
    names = list(_names(found))
    rows = (
        [case.study_id, *_failure(case), *(_scores(case).get(name, "") for name in names)]
        for case in found.scored.cases
    )
    return write_csv([*COLUMNS, *names], rows)


def score_values(found: MaskScores) -> dict[str, Any]:
    """Return everything as JSON values; what has no number is null."""
    scored = found.scored
    return {
        "labels": found.labels.values(),
        "prediction_labels": found.prediction_labels.values(),
        "measures": [item.value for item in found.sets],
        "n_studies": len(scored.cases),
        "n_failed": scored.n_failed,
        "equal_to_references": scored.equal_to_references,
        "finds_no_tumour": scored.finds_none,
        "another_frame": scored.fit.sentence("The masks") if scored.fit else None,
        "tissues_exchanged": found.exchanged,
        "unreadable_references": scored.unread,
        "predictions_of_no_reference": list(found.strays),
        "beside_references_not_read": list(found.passed_over),
        "intention_to_treat": dict(map(_row_values, scored.rows)),
        "answered_only": dict(map(_row_values, scored.answered)),
        "definitions": {
            item.exported_as: item.meaning for item in scored_in(Form.MASK, found.sets)
        },
        "studies": [
            {"study_id": case.study_id, **dict(zip(COLUMNS[1:], _failure(case), strict=True))}
            | {"scores": _scores(case)}
            for case in scored.cases
        ],
    }


def _row_values(row: FormSummary) -> tuple[str, dict[str, Any]]:
    measures = {item.exported_as: _values(found) for item, found in row.measures.items()}
    region = row.region.value if row.region else ""
    return region, {"n": row.n, "n_failed": row.n_failed, "measures": measures}


def _values(found: Measured) -> dict[str, Any]:
    if not isinstance(found, Estimate):
        return {"value": None, "low": None, "high": None, "n": 0}
    spread = found.interval if isinstance(found.interval, Interval) else None
    low, high = (spread.low, spread.high) if spread else (None, None)
    return {"value": found.value, "low": low, "high": high, "n": found.n}


def _names(found: MaskScores) -> Iterator[str]:
    regions = [region for region in Region if region in found.labels.regions]
    there = set().union(*(_scores(case) for case in found.scored.cases))
    yield from (name for name in score_names(Form.MASK, regions, found.sets) if name in there)


def _scores(case: CaseScore) -> dict[str, float]:
    found = case.localisation[Form.MASK].scores
    return {name: value for name, value in found.items() if not isnan(value)}


def _failure(case: CaseScore) -> tuple[str, str]:
    failure = case.failures[0] if case.failures else None
    return (failure.reason.value, failure.detail) if failure else ("", "")
