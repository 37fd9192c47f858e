"""The pictures of a comparison show its numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from fakes.fake_comparison import compared, fake_comparison, looks, says_hgg
from gliobench.adapters.html.blocks import figures_in
from gliobench.adapters.html.figures.backends import (
    failure_figures,
    glance_figures,
    rank_figures,
    spread_figures,
)
from gliobench.adapters.html.figures.drawing import Dot, Dots, Figure, Label, Line, Mark
from gliobench.adapters.html.figures.grading import confusion_matrices, ranking_curves
from gliobench.adapters.html.figures.localisation import SAME_FRAME_MM, place_figures
from gliobench.adapters.html.page import figure_files, sections
from gliobench.adapters.html.sections.provenance import flow_figure
from gliobench.adapters.html.sections.ranking import significance_matrices
from gliobench.adapters.html.templating import text
from gliobench.domain.comparison.pair import Claim, Verdict
from gliobench.domain.comparison.report import FailureRate, Report
from gliobench.domain.predictions.prediction import FailureReason, Form
from gliobench.domain.statistics.estimate import NotEstimable
from gliobench.domain.studies.grading_target import GRADE


@pytest.fixture(scope="module")
def comparison() -> Report:
    return fake_comparison()


def all_figures(report: Report) -> list[Figure]:
    return [figure for blocks in sections(report).values() for figure in figures_in(blocks)]


def inks(figure: Figure, ink: str) -> list[Mark]:
    return [mark for mark in figure.marks if ink in mark.ink.split()]


def named(figures: list[Figure], name: str) -> Figure:
    return next(figure for figure in figures if figure.name == name)


def test_every_figure_is_a_file_of_its_own_that_can_be_read(comparison: Report) -> None:
    files = figure_files(comparison)

    assert len(files) == len(all_figures(comparison)) >= 18
    for name, svg in files.items():
        assert re.fullmatch(r"[\w.-]+\.svg", name)
        assert ElementTree.fromstring(svg).findtext("{http://www.w3.org/2000/svg}desc"), name


def test_every_ink_has_a_style(comparison: Report) -> None:
    used = {ink for one in all_figures(comparison) for m in one.marks for ink in m.ink.split()}

    style = text("figures.css") + text("colours.css")
    assert [ink for ink in sorted(used - {"label"}) if f".{ink}" not in style] == []


def test_names_that_differ_in_signs_alone_do_not_share_a_file() -> None:
    runs = {"a/b": looks(), "a:b": says_hgg()}

    files = figure_files(compared(**runs))

    assert {"confusion-a-b.svg", "confusion-a-b-2.svg"} <= set(files)


def test_curves_share_a_plane_with_the_points_of_the_backends_own_grades(
    comparison: Report,
) -> None:
    roc, precision = ranking_curves(comparison)

    # 26 of 30 HGG found, no LGG called HGG; `looks` is the first arm
    for figure, place in ((roc, (34, 6 + 200 * 4 / 30)), (precision, (34 + 200 * 26 / 30, 6))):
        points = [mark for mark in inks(figure, "point") if isinstance(mark, Dot) and mark.says]
        (looks,) = (mark for mark in points if "arm-0" in mark.ink)
        assert looks.at == pytest.approx(place)
        assert len(points) == 3
        assert [mark.ink for mark in inks(figure, "curve")] == ["curve arm-2", "curve arm-0"]


def test_the_key_of_the_curves_has_their_areas_the_largest_first(comparison: Report) -> None:
    roc, _ = ranking_curves(comparison)

    key = [mark.text for mark in inks(roc, "name") if isinstance(mark, Label)]
    assert key == ["looks", "declining", "constant"]
    assert "looks: 0.93 (0.78 to 0.98), 1 − specificity 0.00, sensitivity 0.87" in roc.alt
    assert roc.narrow is not None
    assert roc.narrow.size[0] < roc.size[0]


def test_who_gives_no_probabilities_has_a_point_and_no_curve(comparison: Report) -> None:
    roc, _ = ranking_curves(comparison)

    assert [mark.ink for mark in inks(roc, "arm-1")].count("curve arm-1") == 0
    assert "constant: no probabilities, hence no curve, 1 − specificity 1.00" in roc.alt
    assert ("constant", "operating point", 1.0, 1.0) in roc.numbers
    assert not [row for row in roc.numbers if row[:2] == ("constant", "curve")]


def test_the_line_of_no_skill_is_the_prevalence(comparison: Report) -> None:
    (prevalence,) = inks(ranking_curves(comparison)[1], "mark")

    assert isinstance(prevalence, Line)
    assert [y for _, y in prevalence.places] == pytest.approx([6 + 200 * 0.25] * 2)


def test_a_confusion_matrix_says_its_counts_and_its_failures(comparison: Report) -> None:
    figure = named(confusion_matrices(comparison), "confusion-declining")

    assert GRADE.in_words(figure.alt) == (
        "Confusion matrix of declining: of 30 HGG, 24 predicted HGG and 6 LGG; of 10 LGG, 2 predicted "
        "HGG and 8 LGG. 8 failures counted as wrong"
    )
    assert [mark.text for mark in inks(figure, "big") if isinstance(mark, Label)] == [
        *("24", "6", "2", "8"),
    ]


def test_one_row_a_backend_shows_every_error_the_best_median_first(
    comparison: Report,
) -> None:
    (figure,) = spread_figures(comparison, [Form.POINT])

    assert spread_figures(comparison, [Form.MASK]) == []
    names = [mark.text for mark in inks(figure, "name") if isinstance(mark, Label)]
    assert names == ["declining", "looks", "constant"]
    assert [len(mark.places) for mark in inks(figure, "single") if isinstance(mark, Dots)] == [
        *(32, 40, 40),
    ]
    assert figure.alt.startswith("declining: median 0.0 · IQR 0.0 to 0.0 · 8 failed; looks: median")


def test_answers_and_tumours_lie_over_an_average_brain(comparison: Report) -> None:
    figure = named(place_figures(comparison), "places-constant")

    answers = {mark.at for mark in inks(figure, "answer") if isinstance(mark, Dot)}
    assert answers == {(100.0, 100.0)}
    assert len({mark.at for mark in inks(figure, "tumour") if isinstance(mark, Dot)}) > 1
    (brain,) = inks(figure, "brain")
    assert isinstance(brain, Line)
    assert brain.closed


def test_the_patients_right_is_drawn_on_the_left_and_the_front_at_the_top(
    comparison: Report,
) -> None:
    (bias,) = comparison.arms[0].biases
    moved = replace(bias, predicted_mm=((20.0, 30.0),), reference_mm=((0.0, 0.0),))
    arm = replace(comparison.arms[0], biases=(moved,))

    (figure,) = place_figures(replace(comparison, arms=(arm,)))

    (dot,) = inks(figure, "answer")
    assert isinstance(dot, Dot)
    assert dot.at[0] < 100
    assert dot.at[1] < 100


def test_brains_that_lie_apart_have_no_outline(comparison: Report) -> None:
    assert comparison.brains is not None
    apart = replace(comparison.brains, spread_mm=SAME_FRAME_MM + 1)

    for brains in (apart, None):
        for figure in place_figures(replace(comparison, brains=brains)):
            assert not inks(figure, "brain")


def test_failures_are_drawn_for_those_who_fail(comparison: Report) -> None:
    (figure,) = failure_figures(comparison)

    assert figure.alt == "declining: 20 % · 8 of 40 · refusal 8."
    (bar,) = inks(figure, "part")
    assert bar.ink == "part arm-2"


def test_the_rarer_reasons_of_failures_share_a_part(comparison: Report) -> None:
    rates = [
        FailureRate(reason, n, NotEstimable(""))
        for reason, n in zip((None, *FailureReason), (12, 1, 2, 3, 4, 5), strict=False)
    ]
    arm = replace(comparison.arms[0], failures=tuple(rates))

    (figure,) = failure_figures(replace(comparison, arms=(arm,)))

    assert figure.alt.endswith("no grade 5, refusal 4, empty answer 3, other 3.")
    assert [value for *_, value in figure.numbers[1:]] == [12.5, 10.0, 7.5, 7.5]


def test_the_flow_says_how_many_are_left(comparison: Report) -> None:
    flow = replace(comparison.flow, n_given=43)

    assert flow_figure(flow).alt.startswith("43 studies given; 40 scored by every backend")
    labels = [mark.text for mark in flow_figure(flow).marks if isinstance(mark, Label)]
    assert "3 not scored" in labels


def test_at_a_glance_skill_is_in_colour_and_the_rest_is_not(comparison: Report) -> None:
    accuracy, balanced, tracking = glance_figures(comparison)

    def coloured(figure: Figure) -> list[str]:
        return [one.text for one in inks(figure, "strong") if isinstance(one, Label)]

    assert "always answering HGG would score 75 %" in GRADE.in_words(accuracy.says)
    assert coloured(accuracy) == ["looks"]
    assert coloured(balanced) == ["looks", "declining"]
    assert coloured(tracking) == ["declining", "looks"]


def test_ranks_are_discs_as_large_as_their_share_of_resamples(comparison: Report) -> None:
    graded, placed, *others = rank_figures(comparison)

    assert (graded.name, placed.name) == ("ranks-balanced_accuracy", "ranks-point.error_mm")
    assert others[0].title == "Stability of ranks: balanced accuracy, by mean rank"
    areas = [mark.radius**2 for mark in inks(placed, "share") if isinstance(mark, Dot)]
    shares = [value for *_, quantity, value in placed.numbers if "share of" in str(quantity)]
    assert [area / sum(areas) for area in areas] == pytest.approx([s / 3 for s in shares])
    assert placed.alt.startswith(
        "looks: rank 1 · 1 to 1 in 95 % · first in 100 %; constant: rank 2"
    )


def test_the_table_of_duels_is_the_corrected_test_both_ways(comparison: Report) -> None:
    duels = significance_matrices(comparison)
    assert isinstance(duels, list)

    graded, placed = (dict(duel.rows) for duel in duels)

    assert list(graded) == ["looks", "declining", "constant"]
    same = (Verdict.OPEN, None)

    def verdicts(claims: tuple[Claim | None, ...]) -> list[object]:
        return [claim and (claim.verdict, claim.winner) for claim in claims]

    assert verdicts(graded["looks"]) == [None, same, (Verdict.APART, "looks")]
    assert verdicts(graded["constant"]) == [(Verdict.APART, "looks"), same, None]
    assert verdicts(placed["constant"])[0] == (Verdict.TYPICAL, "looks")


def test_a_rank_is_as_certain_as_the_significant_differences_make_it(comparison: Report) -> None:
    # Only looks and constant differ by balanced accuracy, and none by the mean of points.
    graded, placed = significance_matrices(comparison)

    found = {name: graded.ranks_of(name) for name, _ in graded.rows}
    assert found == {"looks": "1–2", "declining": "1–3", "constant": "2–3"}
    assert {placed.ranks_of(name) for name, _ in placed.rows} == {"1–3"}
