"""Robustness: whether answers depend on the tumour and on the image, and failures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Part, Prose
from gliobench.adapters.html.claims import more_failures, tracking_claims
from gliobench.adapters.html.figures.backends import failure_figures
from gliobench.adapters.html.figures.localisation import outlined, place_figures
from gliobench.adapters.html.numbers import joined, number, percent, value_of
from gliobench.adapters.html.sections.controls import controls
from gliobench.adapters.html.tables import Cell, Column, measured_cell, share_cell, tabulate
from gliobench.adapters.html.words import p_value
from gliobench.domain.comparison.report import Arm, Report
from gliobench.domain.position.bias import IMAGE_CENTRE, PositionBias
from gliobench.domain.position.tracking import ShuffleTest
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.estimate import NotEstimable


def robustness(report: Report) -> list[Block]:
    """Return the section."""
    claims = Prose(list(tracking_claims(report)), "claims")
    return [claims, _position_bias(report), controls(report), _failures(report)]


def _failures(report: Report) -> Block:
    """Return the failures, or that there are none."""
    seen = {found.reason for arm in report.arms for found in arm.failures if found.n}
    if not seen:
        return Prose(["No failures: every backend answered every study."])
    columns = [
        Column("Any", "Studies with any failure", _rate(None)),
        *(
            Column(reason.value.replace("_", " "), reason.words, _rate(reason))
            for reason in FailureReason
            if reason in seen
        ),
    ]
    rows = [(arm.name, arm.summary.n_studies, arm) for arm in report.arms]
    caption = "Share of studies by failure reason, with Wilson's 95 % CI."
    return Part(
        "Failures",
        [
            Prose(list(more_failures(report)), "claims"),
            Gallery(failure_figures(report), "two"),
            Closed("Failures in numbers", [Numbers(tabulate(columns, {"": rows}), caption)]),
        ],
        "A study counts once per reason.",
    )


def _rate(reason: FailureReason | None) -> Callable[[Arm], Cell]:
    def cell(arm: Arm) -> Cell:
        rates = (found.rate for found in arm.failures if found.reason is reason and found.n)
        return next(map(share_cell, rates), Cell("0"))

    return cell


FORMS = {"Points": Form.POINT, "Boxes": Form.BOX, "Polygons": Form.POLYGON}
DEPENDENCE: Sequence[Column[PositionBias]] = (
    Column(
        "Tracking index",
        "0: independent of tumour position; 1: every answer at the centre of its own tumour",
        lambda bias: measured_cell(bias.tracking),
    ),
    Column(
        "Slope x",
        "Lateral shift of the answer per 1 mm lateral shift of the tumour",
        lambda bias: measured_cell(bias.x.slope),
    ),
    Column(
        "Slope y",
        "The same in the anterior-posterior direction",
        lambda bias: measured_cell(bias.y.slope),
    ),
    Column(
        "R², x and y",
        "Share of the variance of the answers explained by the tumour position",
        lambda bias: Cell(joined(*(number(value_of(line.r_squared)) for line in (bias.x, bias.y)))),
    ),
    Column(
        "Spread, mm",
        "Spread of the answers about their mean; below, of the tumours",
        lambda bias: Cell(number(bias.predicted.spread_mm, 1), number(bias.reference.spread_mm, 1)),
    ),
    Column(
        "Entropy",
        "Evenness of the answers' positions, 0 to 1; below, of the tumours",
        lambda bias: Cell(number(bias.predicted.entropy), number(bias.reference.entropy)),
    ),
    Column(
        "Score after shuffling, %",
        "Share of the score that remains when answers are shuffled between patients",
        lambda bias: _shuffled(bias.shuffled),
    ),
    Column(
        "Improvement over image centre, mm",
        "Mean error of the image centre minus that of the answers; below, 95 % CI",
        lambda bias: measured_cell(bias.priors[IMAGE_CENTRE].gain_mm, 1),
    ),
)


def _position_bias(report: Report) -> Part:
    """Return the position bias of the backends that answer on the plane."""
    outline = (
        "The outline is an average healthy brain (MNI152) at the mean position of these brains, not "
        "a patient's."
        if outlined(report.brains)
        else "No brain outline is drawn: brain positions are unknown or vary too much."
    )
    groups = {
        title: [
            (arm.name, bias.measured.n, bias.measured)
            for arm in report.arms
            for bias in arm.biases
            if bias.form is form and isinstance(bias.measured, PositionBias)
        ]
        for title, form in FORMS.items()
    }
    caption = (
        "Dependence of the answers on the scoring plane on tumour position (0 = independent of "
        "tumour position). Failures are excluded."
    )
    return Part(
        "Position bias: do answers depend on tumour position?",
        [
            Gallery(place_figures(report), "four"),
            Closed("Position bias in numbers", [Numbers(tabulate(DEPENDENCE, groups), caption)]),
        ],
        "Filled: answers; rings: tumours, on superimposed scoring planes, ±110 mm around the image "
        "centre. The patient's right is on the left, anterior at the top. Clustered answers with "
        f"scattered tumours show that a backend ignores tumour position. {outline}",
    )


def _shuffled(found: ShuffleTest) -> Cell:
    share = None if isinstance(found.survives, NotEstimable) else found.survives
    return Cell(percent(share), f"p {p_value(found.p_value)}")
