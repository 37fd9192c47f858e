"""Grading: performance beside published models, calibration, and pairwise tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.claims import grading_claims
from gliobench.adapters.html.figures.grading import (
    confusion_matrices,
    ranking_curves,
    reliability_diagrams,
)
from gliobench.adapters.html.numbers import MISSING, capital, interval, joined, number
from gliobench.adapters.html.score_tables import GRADED, GRADED_COLUMNS, grading_table
from gliobench.adapters.html.sections.pairs import forests, pairwise
from gliobench.adapters.html.tables import (
    NOTHING,
    Cell,
    Column,
    Group,
    Row,
    Table,
    first_group,
    measured_cell,
    other_groups,
    tabulate,
    test_cell,
)
from gliobench.adapters.html.words import endpoint_name, p_value, primary_test, repeats_patients
from gliobench.domain.comparison.endpoints import AUROC
from gliobench.domain.comparison.pair import Family, Pair
from gliobench.domain.comparison.report import Report
from gliobench.domain.metrics import measures
from gliobench.domain.statistics.delong import PairedAuroc
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.statistics.mcnemar import McNemar
from gliobench.domain.statistics.reliability import Reliability
from gliobench.domain.studies.grading_target import (
    CLASS,
    CLASSES,
    NEGATIVE,
    NEGATIVE_SHORT,
    POSITIVE,
    POSITIVE_SHORT,
)

GRADES_NOTE = (
    "On the same studies. Half of the level of the report's claims is reserved for the primary "
    "endpoint, so its Holm-adjusted p is doubled; the other tests are exploratory."
)
PAPER = "Liu, Yoo & Khalvati 2025, arXiv 2509.10683"
"""BraTS 2020; neither its split nor its training is public, so its models cannot be reproduced."""
NOT_THIS_RUN = "Published results on other patients, not part of these runs"
PAPER_NOTE = (
    f"{PAPER}. Its models, patients and number of patients are not public, so its rows cannot be "
    "compared with these runs. On BraTS 2020, always answering HGG would score 79 %."
)


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the paper's table.

    Args:
        model: What the paper ran.
        accuracy: In [0, 1].
        specificity: Share of LGG found; None where the paper does not give it.
    """

    model: str
    accuracy: float
    specificity: float | None


PUBLISHED = (
    Published("3D CNN", 0.80, None),
    Published("LLaMA 3.2 Vision, base", 0.76, 0.18),
    Published("LLaMA 3.2 Vision, fine-tuned", 0.72, 0.55),
)
"""Models of the paper: each has its own row, never that of a backend."""


def grading(report: Report) -> list[Block]:
    """Return the section; nothing where no backend graded a study of known grade."""
    table = grading_table(report)
    if table is None:
        return []
    others = Numbers(other_groups(table), "Grading performance.")
    is_shown = report.cohort.is_ranked and report.target.is_grade
    published = published_table() if is_shown else None
    return [
        Prose(list(grading_claims(report)), "claims"),
        Numbers(first_group(table), f"Grading performance. {POSITIVE} is the positive class."),
        Closed(f"Answered only, and sites with both {CLASSES}", [others]),
        *forests(report, [None]),
        Part(
            "ROC and precision-recall curves",
            [Gallery(ranking_curves(report), "two")],
            f"Failures count as the wrong {CLASS} with probability 1.",
        ),
        _calibration(report),
        Part(
            "Confusion matrices",
            [Gallery(confusion_matrices(report), "four")],
            "Rows: reference; columns: prediction; percentages refer to the row.",
        ),
        pairwise(_paired_grades(report), GRADES_NOTE),
        Closed(NOT_THIS_RUN, [Numbers(published, PAPER_NOTE)]),
    ]


def published_table() -> Table:
    """Tabulate published models."""
    rows = []
    for model in PUBLISHED:
        given = {measures.ACCURACY: model.accuracy, measures.SPECIFICITY: model.specificity}
        cells = tuple(Cell(number(given.get(measure))) for measure in GRADED)
        rows.append(Row(model.model, "n not given", cells))
    return Table(GRADED_COLUMNS, (Group("", tuple(rows)),))


def _paired_grades(report: Report) -> Table | None:
    """Tabulate pairwise tests of grading; None with fewer than two graders."""
    rows = [
        (f"{pair.first} − {pair.second}", _n(pair), pair) for pair in report.pairs if pair.right
    ]
    return tabulate(_pair_columns(report), {"": rows})


def _pair_columns(report: Report) -> Sequence[Column[Pair]]:
    primary, repeated = report.primary, repeats_patients(report)
    return (
        Column(
            "Difference",
            f"{capital(endpoint_name(primary))}, first minus second",
            lambda pair: measured_cell(pair.difference(primary), primary.measure.digits),
        ),
        Column(
            "p (permutation)" if primary != AUROC else "p (DeLong)",
            f"{primary_test(primary)}; below, Holm-adjusted",
            lambda pair: test_cell(pair.mean_test(primary)),
        ),
        Column(
            "Discordant, all",
            "Studies graded correctly by the first only : by the second only; "
            + ("p by permutation" if repeated else "McNemar's tests, mid-p Holm-adjusted"),
            _discordant(Family.GRADES, "all", repeated=repeated),
        ),
        Column(
            f"Discordant, {POSITIVE_SHORT}",
            f"The same within {POSITIVE}",
            _discordant(Family.WITHIN_GRADES, report.target.positive, repeated=repeated),
        ),
        Column(
            f"Discordant, {NEGATIVE_SHORT}",
            f"The same within {NEGATIVE}",
            _discordant(Family.WITHIN_GRADES, report.target.negative, repeated=repeated),
        ),
        Column("AUROC", "Difference of AUROCs with DeLong's CI and test", _auroc),
        Column(
            "Detectable accuracy",
            "Smallest difference of accuracies detectable with a power of 80 %, before Holm",
            _detectable,
        ),
    )


def _n(pair: Pair) -> int:
    return max((found.n for found in pair.right.values() if isinstance(found, McNemar)), default=0)


def _discordant(family: Family, part: str, *, repeated: bool) -> Callable[[Pair], Cell]:
    def cell(pair: Pair) -> Cell:
        found, test = pair.right.get(part), pair.test(family, part)
        if not isinstance(found, McNemar) or test is None:
            return NOTHING
        mcnemars = (f"mid-p {p_value(found.mid_p)}", f"exact {p_value(found.exact_p)}")
        ps = (f"p {p_value(test.p)}",) if repeated else mcnemars
        small = joined(*ps, f"Holm {p_value(test.adjusted)}")
        return Cell(f"{found.only_first} : {found.only_second}", small)

    return cell


def _auroc(pair: Pair) -> Cell:
    if not isinstance(pair.auroc, PairedAuroc):
        return NOTHING
    test, p, difference = pair.test(Family.AUROC, "auroc"), pair.auroc.p, pair.auroc.difference
    printed = f"no p: {p.reason}" if isinstance(p, NotEstimable) else f"p {p_value(p)}"
    holm = f"Holm {p_value(test.adjusted)}" if test and isinstance(test.p, float) else ""
    return Cell(number(difference.value), joined(interval(difference), printed, holm))


def _detectable(pair: Pair) -> Cell:
    if pair.detectable is None:
        return NOTHING
    accuracy, auroc = pair.detectable.accuracy, pair.detectable.auroc
    small = f"AUROC {number(auroc)}" if isinstance(auroc, float) else ""
    if isinstance(accuracy, NotEstimable):
        return Cell(MISSING, joined(accuracy.reason, small))
    return Cell(number(accuracy), small)


CALIBRATION: Sequence[Column[Reliability]] = (
    Column(
        "Brier",
        "Mean squared error: miscalibration - resolution + uncertainty; 0 is best",
        lambda found: Cell(number(found.brier, 3)),
    ),
    Column(
        "Miscalibration",
        "Mean squared difference of predicted and observed; 0 is best",
        lambda found: Cell(number(found.miscalibration, 3)),
    ),
    Column(
        "Resolution",
        f"How well the probabilities separate the {CLASSES}; higher is better",
        lambda found: Cell(number(found.resolution, 3)),
    ),
    Column(
        "Uncertainty",
        "Score of always predicting the prevalence",
        lambda found: Cell(number(found.uncertainty, 3)),
    ),
    Column(
        "ECE",
        "Mean absolute difference of predicted and observed",
        lambda found: Cell(number(found.ece, 3), "too few studies" if found.warning else ""),
    ),
)


def _calibration(report: Report) -> Part:
    """Return the calibration of the backends that give probabilities."""
    found = [
        (arm.name, one.n, one)
        for arm in report.arms
        if isinstance(one := arm.calibration, Reliability)
    ]
    warning = next((one.warning for *_, one in found if one.warning), "")
    caption = "Answered studies only. Brier = miscalibration − resolution + uncertainty."
    table = Numbers(tabulate(CALIBRATION, {"": found}), caption)
    return Part(
        "Calibration",
        [Gallery(reliability_diagrams(report), "four"), Closed("Calibration in numbers", [table])],
        f"Observed share of {POSITIVE}, with Wilson's 95 % CI, in bins of predicted P({POSITIVE}). Dashed: perfect "
        "calibration. Columns: number of studies per bin."
        + (f" Too few studies for the ECE: {warning}." if warning else ""),
    )
