"""The table of single cases: what each backend said of each study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gliobench.adapters.html.numbers import number
from gliobench.application.paint_overlays import centre
from gliobench.domain.evaluation.report import BackendReport, EvaluationReport
from gliobench.domain.evaluation.scores import CaseScore, MaskScore
from gliobench.domain.prediction import Failure, Form, GradePrediction
from gliobench.domain.regions import Region
from gliobench.domain.study import Grade

SHOWN = 500
"""More rows than this slow a browser down and are read by nobody."""
WRONG_GRADE_MM = 100.0
"""What a wrong grade weighs against a centre error where rows must be chosen."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of the table; `backend` is empty for what the study itself says."""

    backend: str
    title: str
    numeric: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell.

    Args:
        text: What is read.
        key: What is sorted by; None goes last.
        wrong: Whether it is a wrong grade.
        failure: Why there is no answer, or empty.
    """

    text: str
    key: str | float | None
    wrong: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class CaseTable:
    """Headings and rows, and how many studies were left out."""

    headings: tuple[Heading, ...]
    rows: tuple[tuple[Entry, ...], ...]
    n_left_out: int


NONE = Entry(number(None), None)


def case_table(report: EvaluationReport) -> CaseTable:
    """Lay out the cases by study; where there are too many, those with the largest error only."""
    by_backend = [(b, {case.study_id: case for case in b.cases}) for b in report.backends]
    first_seen = {case.study_id: case for b in reversed(report.backends) for case in b.cases}
    worst = sorted(first_seen, key=lambda one: (-_trouble(one, by_backend), one))
    headings = [Heading("", "Study"), Heading("", "Site"), Heading("", "Reference")]
    for backend in report.backends:
        headings += _headings(backend)
    rows = tuple(
        (
            *_study_entries(first_seen[study_id]),
            *(e for b, cases in by_backend for e in _entries(cases.get(study_id), _headings(b))),
        )
        for study_id in sorted(worst[:SHOWN])
    )
    return CaseTable(tuple(headings), rows, n_left_out=max(0, len(worst) - SHOWN))


def _trouble(
    study_id: str, by_backend: Sequence[tuple[BackendReport, dict[str, CaseScore]]]
) -> float:
    """Tell how much of a look a case deserves: its largest centre error, and wrong grades."""
    cases = [cases[study_id] for _, cases in by_backend if study_id in cases]
    errors = [found[0].error_mm for case in cases if (found := centre(case)) is not None]
    return sum(errors) + WRONG_GRADE_MM * sum(map(_is_wrong, cases))


def _headings(backend: BackendReport) -> list[Heading]:
    graded = any(case.grade is not None for case in backend.cases)
    placed = any(centre(case) is not None for case in backend.cases)
    masked = any(Form.MASK in case.localisation for case in backend.cases)
    names = (("Grade", graded, False), ("Centre, mm", placed, True), ("Dice WT", masked, True))
    return [Heading(backend.name, title, numeric) for title, there, numeric in names if there]


def _study_entries(case: CaseScore) -> tuple[Entry, Entry, Entry]:
    site, grade = case.site, case.reference_grade
    return (
        Entry(case.study_id, case.study_id),
        Entry(site, site) if site is not None else NONE,
        Entry(grade.value, grade.value) if grade is not None else NONE,
    )


def _entries(case: CaseScore | None, headings: Sequence[Heading]) -> Iterator[Entry]:
    makers = {"Grade": _grade, "Centre, mm": _centre, "Dice WT": _dice}
    for heading in headings:
        yield makers[heading.title](case) if case is not None else NONE


def _grade(case: CaseScore) -> Entry:
    if isinstance(case.grade, Failure):
        return Entry("failed", None, failure=_why(case.grade))
    if case.grade is None:
        return NONE
    p = case.grade.probability_hgg
    text = case.grade.grade.value + ("" if p is None else f" {p:.2f}")
    key = p if p is not None else float(case.grade.grade is Grade.HGG)
    return Entry(text, key, wrong=_is_wrong(case))


def _centre(case: CaseScore) -> Entry:
    if (found := centre(case)) is None:
        return NONE
    score, failure = found
    if failure is not None:
        return Entry("failed", score.error_mm, failure=_why(failure))
    return Entry(number(score.error_mm, 1), score.error_mm)


def _dice(case: CaseScore) -> Entry:
    outcome = case.localisation.get(Form.MASK)
    if outcome is None or not isinstance(outcome.score, MaskScore):
        return NONE
    dice = outcome.score.regions[Region.WT].dice
    if outcome.failure is not None:
        return Entry("failed", dice, failure=_why(outcome.failure))
    return Entry(number(dice), dice)


def _is_wrong(case: CaseScore) -> bool:
    if not isinstance(case.grade, GradePrediction) or case.reference_grade is None:
        return False
    return case.grade.grade is not case.reference_grade


def _why(failure: Failure) -> str:
    return f"{failure.reason.value}: {failure.detail}"
