"""Grading: performance beside published models, calibration, and pairwise tests."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Prose, Title
from gliobench.adapters.html.cells import test_cell
from gliobench.adapters.html.figures.grading import confusion_matrices, ranking_curves
from gliobench.adapters.html.lead import grading_claims
from gliobench.adapters.html.numbers import MISSING, interval, number
from gliobench.adapters.html.sections.calibration import calibration
from gliobench.adapters.html.sections.pairs import forest_blocks
from gliobench.adapters.html.tables import (
    GRADED,
    GRADED_COLUMNS,
    NOTHING,
    Cell,
    Column,
    Group,
    Row,
    Table,
    first_group,
    grading_table,
    measured_cell,
    other_groups,
)
from gliobench.adapters.html.words import endpoint_name, p_value, primary_test, repeats_patients
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.pair import Family, Pair
from gliobench.domain.comparison.published import PAPER, PUBLISHED, Published
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics import measures
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar

NOT_THIS_RUN = "Published results on other patients, not part of these runs"


def grading(report: Report) -> Iterator[Block]:
    """Yield the section; nothing where no backend graded a study of known grade."""
    table = grading_table(report)
    if table is None:
        return
    yield Prose(list(grading_claims(report)), "claims")
    yield Numbers(first_group(table), "Grading performance. HGG is the positive class.")
    if others := other_groups(table):
        yield Closed(
            "Answered only, and sites with both grades", [Numbers(others, "Grading performance.")]
        )
    if report.primary.form is None:
        yield from forest_blocks(report, report.primary)
    if curves := ranking_curves(report):
        yield Title(
            "ROC and precision-recall curves",
            "Failures count as the wrong grade with probability 1.",
        )
        yield Gallery(curves)
    yield from calibration(report)
    if confusions := confusion_matrices(report):
        yield Title(
            "Confusion matrices",
            "Rows: reference; columns: prediction; percentages refer to the row.",
        )
        yield Gallery(confusions, "four")
    if pairs := paired_grades(report):
        yield Closed(
            "Pairwise comparisons",
            [Numbers(pairs, "Pairwise comparisons on the same studies.", head="Pair")],
        )
    if report.cohort.is_ranked:
        yield Closed(NOT_THIS_RUN, [Numbers(published_table(), PAPER_NOTE)])


PAPER_NOTE = (
    f"{PAPER}. Its models, patients and number of patients are not public, so its rows cannot be "
    "compared with these runs. On BraTS 2020, always answering HGG would score 79 %."
)


def published_table() -> Table:
    """Tabulate published models."""
    return Table(GRADED_COLUMNS, (Group("", tuple(map(_published, PUBLISHED))),))


def _published(model: Published) -> Row:
    given = {measures.ACCURACY: model.accuracy, measures.SPECIFICITY: model.specificity}
    cells = (given.get(measure) for measure in GRADED)
    return Row(
        model.model,
        "n not given",
        tuple(NOTHING if value is None else Cell(number(value)) for value in cells),
    )


def paired_grades(report: Report) -> Table | None:
    """Tabulate pairwise tests of grading; None with fewer than two graders."""
    primary, swapped = report.primary, repeats_patients(report)
    columns = (
        Column(
            "Difference",
            f"{endpoint_name(primary)[0].upper()}{endpoint_name(primary)[1:]}, first minus second",
        ),
        Column(
            "p (permutation)" if primary != AUROC else "p (DeLong)",
            f"{primary_test(primary)}; below, Holm-adjusted",
        ),
        Column(
            "Discordant, all",
            "Studies graded correctly by the first only : by the second only; "
            + ("p by permutation" if swapped else "McNemar's tests, mid-p Holm-adjusted"),
        ),
        Column("Discordant, HGG", "The same within HGG"),
        Column("Discordant, LGG", "The same within LGG"),
        Column("AUROC", "Difference of AUROCs with DeLong's CI and test"),
        Column(
            "Detectable",
            "Smallest difference of accuracies detectable with a power of 80 %, before Holm",
        ),
    )
    rows = tuple(
        Row(
            f"{pair.first} − {pair.second}",
            str(_n(pair)),
            (
                measured_cell(pair.difference(primary), primary.measure.digits),
                test_cell(pair.mean_test(primary)),
                _right(pair, Family.GRADES, "all", swapped=swapped),
                _right(pair, Family.WITHIN_GRADES, "HGG", swapped=swapped),
                _right(pair, Family.WITHIN_GRADES, "LGG", swapped=swapped),
                _auroc(pair),
                _detectable(pair),
            ),
        )
        for pair in report.pairs
        if pair.right
    )
    return Table(columns, (Group("", rows),)) if rows else None


def _n(pair: Pair) -> int:
    return max((found.n for found in pair.right.values() if isinstance(found, McNemar)), default=0)


def _right(pair: Pair, family: Family, part: str, *, swapped: bool) -> Cell:
    found, test = pair.right.get(part), pair.test(family, part)
    if not isinstance(found, McNemar) or test is None:
        return NOTHING
    counts = f"{found.only_first} : {found.only_second}"
    mcnemars = (f"mid-p {p_value(found.mid_p)}", f"exact {p_value(found.exact_p)}")
    ps = (f"p {p_value(test.p)}",) if swapped else mcnemars
    return Cell(counts, " · ".join((*ps, f"Holm {p_value(test.adjusted)}")))


def _auroc(pair: Pair) -> Cell:
    if not isinstance(pair.auroc, PairedAuroc):
        return NOTHING
    test = pair.test(Family.AUROC, "auroc")
    p = pair.auroc.p
    printed = f"no p: {p.reason}" if isinstance(p, NotEstimable) else f"p {p_value(p)}"
    holm = f"Holm {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
    value = number(pair.auroc.difference.value)
    return Cell(value, " · ".join(filter(None, (interval(pair.auroc.difference), printed, holm))))


def _detectable(pair: Pair) -> Cell:
    if pair.detectable is None:
        return NOTHING
    accuracy, auroc = pair.detectable.accuracy, pair.detectable.auroc
    small = f"AUROC {number(auroc)}" if isinstance(auroc, float) else ""
    if isinstance(accuracy, NotEstimable):
        return Cell(MISSING, " · ".join(filter(None, (accuracy.reason, small))))
    return Cell(number(accuracy), small)
