"""Grading: performance beside published models, and pairwise tests."""

from __future__ import annotations

from dataclasses import replace

from gliobench.adapters.html.cells import test_cell
from gliobench.adapters.html.figures.curves import confusion_matrices, ranking_curves
from gliobench.adapters.html.figures.forest import difference_forest
from gliobench.adapters.html.numbers import MISSING, interval, number
from gliobench.adapters.html.tables import (
    GRADED,
    NOTHING,
    Cell,
    Column,
    Group,
    Row,
    Table,
    grading_table,
    measured_cell,
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


def grading(report: Report) -> dict[str, object]:
    """Gather what the section shows."""
    return {
        "table": graded_beside_the_paper(report),
        "paper": PAPER,
        "simulated": not report.cohort.is_ranked,
        "forest_of_primary": difference_forest(report, report.primary),
        "curves": ranking_curves(report),
        "confusions": confusion_matrices(report),
        "pairs": paired_grades(report),
    }


def graded_beside_the_paper(report: Report) -> Table | None:
    """Tabulate grading, with published models in rows of their own.

    Published models are omitted for simulated studies.
    """
    table = grading_table(report)
    if table is None or not report.cohort.is_ranked:
        return table
    rows = tuple(_published(model) for model in PUBLISHED)
    return replace(table, groups=(*table.groups, Group(NOT_THIS_RUN, rows)))


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
