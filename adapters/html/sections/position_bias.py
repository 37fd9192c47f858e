"""Position bias: whether answers depend on the position of the tumour."""

from __future__ import annotations

from collections.abc import Iterator

from gliobench.adapters.html.blocks import Block, Closed, Gallery, Numbers, Title
from gliobench.adapters.html.figures.positions import outlined, place_figures
from gliobench.adapters.html.numbers import MISSING, number, percent, value_of
from gliobench.adapters.html.tables import Cell, Column, Group, Row, Table, measured_cell
from gliobench.adapters.html.words import p_value
from gliobench.domain.comparison.report import Report
from gliobench.domain.position.bias import IMAGE_CENTRE, PositionBias
from gliobench.domain.predictions.prediction import Form
from gliobench.domain.statistics.estimate import NotEstimable


def position_bias(report: Report) -> Iterator[Block]:
    """Yield the blocks; nothing where no backend answers on the plane."""
    table, figures = bias_table(report), place_figures(report)
    if table is None and not figures:
        return
    outline = (
        "The outline is an average healthy brain (MNI152) at the mean position of these brains, not "
        "a patient's."
        if outlined(report.brains)
        else "No brain outline is drawn: brain positions are unknown or vary too much."
    )
    yield Title(
        "Position bias: do answers depend on tumour position?",
        "Filled: answers; rings: tumours, on superimposed scoring planes, ±110 mm around the image "
        "centre. The patient's right is on the left, anterior at the top. Clustered answers with "
        f"scattered tumours show that a backend ignores tumour position. {outline}",
    )
    yield Gallery(figures, "four")
    if table is not None:
        caption = (
            "Dependence of the answers on the scoring plane on tumour position (0 = independent of "
            "tumour position). Failures are excluded."
        )
        yield Closed("Position bias in numbers", [Numbers(table, caption)])


def bias_table(report: Report) -> Table | None:
    """Tabulate position bias; None where no backend answers on the plane."""
    columns = (
        Column(
            "Tracking index",
            "0: independent of tumour position; 1: every answer at the centre of its own tumour",
        ),
        Column("Slope x", "Lateral shift of the answer per 1 mm lateral shift of the tumour"),
        Column("Slope y", "The same in the anterior-posterior direction"),
        Column(
            "R², x and y", "Share of the variance of the answers explained by the tumour position"
        ),
        Column("Spread, mm", "Spread of the answers about their mean; below, of the tumours"),
        Column("Entropy", "Evenness of the answers' positions, 0 to 1; below, of the tumours"),
        Column(
            "Score after shuffling, %",
            "Share of the score that remains when answers are shuffled between patients",
        ),
        Column(
            "Improvement over image centre, mm",
            "Mean error of the image centre minus that of the answers; below, 95 % CI",
        ),
    )
    groups = []
    for form, name in ((Form.POINT, "points"), (Form.BOX, "boxes"), (Form.POLYGON, "polygons")):
        found = [
            (arm, bias.measured) for arm in report.arms for bias in arm.biases if bias.form is form
        ]
        rows = tuple(
            Row(arm.name, str(bias.n), tuple(_biased(bias)))
            for arm, bias in found
            if isinstance(bias, PositionBias)
        )
        if rows:
            groups.append(Group(name.capitalize(), rows))
    return Table(columns, tuple(groups)) if groups else None


def _biased(bias: PositionBias) -> Iterator[Cell]:
    yield measured_cell(bias.tracking)
    yield measured_cell(bias.x.slope)
    yield measured_cell(bias.y.slope)
    squared = (number(value_of(line.r_squared)) for line in (bias.x, bias.y))
    yield Cell(" · ".join(squared))
    yield Cell(number(bias.predicted.spread_mm, 1), number(bias.reference.spread_mm, 1))
    yield Cell(number(bias.predicted.entropy), number(bias.reference.entropy))
    left = bias.shuffled.survives
    yield Cell(
        MISSING if isinstance(left, NotEstimable) else percent(left),
        f"p {p_value(bias.shuffled.p_value)}",
    )
    yield measured_cell(bias.priors[IMAGE_CENTRE].gain_mm, 1)
