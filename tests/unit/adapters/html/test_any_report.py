"""Whatever backends answer, and however few studies there are, a report is written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from fakes.fake_comparison import (
    REFUSAL,
    cohort_of,
    declines,
    looks,
    reading,
    saved_run,
    says_hgg,
)
from gliobench.adapters.html.facts import render_json
from gliobench.adapters.html.page import figure_files, render_report
from gliobench.adapters.html.spreadsheets import spreadsheets
from gliobench.application.report.report_runs import ReportRuns
from gliobench.domain.comparison.arms import BootstrapOptions
from gliobench.domain.comparison.endpoints import BALANCED_ACCURACY, BRIER, POINT_ERROR, Endpoint
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.evaluation.scoring import worst_scores
from gliobench.domain.messages import printable
from gliobench.domain.predictions.prediction import Form, GradePrediction, GradeSet
from gliobench.domain.studies.grading_target import PLACEHOLDERS
from gliobench.domain.studies.study import Grade

Cases = Sequence[CaseScore]


def perfect(n: int) -> Cases:
    return [
        reading(number, hgg=hgg, says=float(hgg), points=(0.0, 0.0))
        for number, hgg in enumerate(cohort_of(n))
    ]


def failing(n: int) -> Cases:
    return [replace(case, grade=REFUSAL) for case in looks(n)]


def only_grades(n: int) -> Cases:
    return [replace(case, localisation={}) for case in looks(n)]


def only_places(n: int) -> Cases:
    return [replace(case, grade=None) for case in looks(n)]


def without_grades(n: int) -> Cases:
    return [replace(case, reference_grade=None) for case in looks(n)]


def all_hgg(n: int) -> Cases:
    return [replace(case, reference_grade=Grade.HGG) for case in looks(n)]


def simulated(n: int) -> Cases:
    return [replace(case, simulated=True) for case in looks(n)]


def unsure(n: int) -> Cases:
    grade = GradePrediction(Grade.HGG, 0.6, grade_set=GradeSet((Grade.LGG, Grade.HGG), 0.9))
    dice = FormOutcome(worst_scores(Form.MASK))
    return [
        replace(
            case,
            grade=grade,
            site="A",
            localisation={**case.localisation, Form.MASK: dice},
            confidence=number / n,
        )
        for number, case in enumerate(looks(n))
    ]


SHAPES: tuple[tuple[Callable[[int], Cases], ...], ...] = (
    *(
        (make, make)
        for make in (perfect, failing, only_grades, only_places, without_grades, all_hgg)
    ),
    (simulated,),
    (perfect,),
    (failing, looks),
    (unsure, looks),
    (only_grades, only_places),
    (looks, declines, says_hgg),
)


@pytest.mark.parametrize("primary", [BALANCED_ACCURACY, BRIER, POINT_ERROR])
@pytest.mark.parametrize("n", [1, 5])
@pytest.mark.parametrize(
    "shape", SHAPES, ids=lambda shape: " and ".join(make.__name__ for make in shape)
)
def test_a_report_is_written(
    shape: tuple[Callable[[int], Cases], ...], n: int, primary: Endpoint
) -> None:
    runs = {f"backend-{at}": saved_run("one", make(n)) for at, make in enumerate(shape)}
    report = ReportRuns(primary=primary, bootstrap=BootstrapOptions(replicates=100))(runs)

    written = (render_report(report), render_json(report))
    assert all("NaN" not in words for words in written)
    for placeholder in PLACEHOLDERS:
        assert not any(
            form in words for form in (placeholder, printable(placeholder)) for words in written
        )
    assert figure_files(report)
    assert spreadsheets(report)
