"""The table of single cases: each backend's answers on each study."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from gliobench.adapters.html.numbers import number
from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics.measures import leading
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction, NoTumour
from gliobench.domain.studies.study import Grade


class GradeOutcome(str, Enum):
    """The outcome of a grade."""

    RIGHT = "right"
    WRONG = "wrong"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """Not asked for, or without a reference."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One answer.

    Args:
        text: The text shown.
        key: The sorting key; None goes last.
        verdict: Outcome of a grade; FAILED for any missing answer.
        why: The failure in one line, or empty.
    """

    text: str
    key: str | float | None
    verdict: GradeOutcome = GradeOutcome.UNKNOWN
    why: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of one backend."""

    title: str
    meaning: str
    numeric: bool = True


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One study.

    Args:
        study_id: The study.
        site: The acquisition site, or empty.
        grade: The reference grade, "no tumour", or empty.
        cells: By backend, in the order of its headings.
        verdicts: Outcomes of the grade, by backend.
        failed: Whether any answer is missing.
    """

    study_id: str
    site: str
    grade: str
    cells: tuple[tuple[Cell, ...], ...]
    verdicts: tuple[GradeOutcome, ...]
    failed: bool


@dataclass(frozen=True, slots=True)
class CaseListing:
    """Headings by backend, and rows in the order of the study ids."""

    headings: tuple[tuple[str, tuple[Heading, ...]], ...]
    rows: tuple[CaseRow, ...]


NONE = Cell(number(None), None)
ON_PLANE_OR_IN_VOLUME = {
    Form.POINT: Form.POINT_3D,
    Form.BOX: Form.BOX_3D,
    Form.POLYGON: Form.POLYGON,
    Form.MASK: Form.MASK,
}
"""The form shown instead where a form was not scored."""


def case_table(book: Casebook) -> CaseListing:
    """Tabulate a casebook; a backend has a column for each form that it answers."""
    columns = {name: _columns(book, name) for name in book.backends}
    headings = tuple(
        (name, tuple(heading for heading, _ in columns[name])) for name in book.backends
    )
    rows = []
    for entry in book.entries:
        scores = {name: entry.scores.get(name) for name in book.backends}
        cells = tuple(
            tuple(read(case) if (case := scores[name]) else NONE for _, read in columns[name])
            for name in book.backends
        )
        rows.append(_row(entry, cells, tuple(map(verdict, scores.values()))))
    return CaseListing(headings, tuple(rows))


def verdict(case: CaseScore | None) -> GradeOutcome:
    """Return whether a grade was right."""
    if case is None or case.grade is None:
        return GradeOutcome.UNKNOWN
    if isinstance(case.grade, Failure):
        return GradeOutcome.FAILED
    if case.reference_grade is None:
        return GradeOutcome.UNKNOWN
    return GradeOutcome.RIGHT if case.grade.grade is case.reference_grade else GradeOutcome.WRONG


def _row(
    entry: CaseEntry, cells: tuple[tuple[Cell, ...], ...], verdicts: tuple[GradeOutcome, ...]
) -> CaseRow:
    case = entry.any_score
    return CaseRow(
        study_id=case.study_id,
        site=case.site or "",
        grade=_reference(case),
        cells=cells,
        verdicts=verdicts,
        failed=any(score.failures for score in entry.scores.values()),
    )


def _reference(case: CaseScore) -> str:
    grade = case.reference_grade.value if case.reference_grade else ""
    return ", ".join(filter(None, (grade, "no tumour" if case.tumour_free else "")))


Reader = Callable[[CaseScore], Cell]


def _columns(book: Casebook, name: str) -> list[tuple[Heading, Reader]]:
    """Choose the columns in which a backend has at least one value."""
    cases = [entry.scores[name] for entry in book.entries if name in entry.scores]
    return [
        (heading, read)
        for heading, read in COLUMNS
        if any(read(case) is not NONE for case in cases)
    ]


def _grade(case: CaseScore) -> Cell:
    match case.grade:
        case None:
            return NONE
        case Failure() as failure:
            return _failed(failure, key=None)
        case GradePrediction(grade=grade, probability_hgg=p):
            text = grade.value + ("" if p is None else f" {p:.2f}")
            key = p if p is not None else float(grade is Grade.HGG)
            return Cell(text, key, verdict(case))


def _measured(form: Form) -> Reader:
    def read(case: CaseScore) -> Cell:
        scored = form if form in case.localisation else ON_PLANE_OR_IN_VOLUME[form]
        found = case.localisation.get(scored)
        if found is None:
            return NONE
        value = found.leading(scored)
        if found.failure is not None:
            return NONE if value is None else _failed(found.failure, key=value)
        if case.found_tumour is False or isinstance(found.answer, NoTumour):
            return Cell("no tumour found", value)
        if case.tumour_free and case.found_tumour:
            return Cell("false positive", value)
        if value is None:
            return NONE
        return Cell(number(value, leading(form).digits), value)

    return read


def _failed(failure: Failure, *, key: float | None) -> Cell:
    words = failure.reason.value.replace("_", " ")
    return Cell(words, key, GradeOutcome.FAILED, f"{words}: {failure.detail}")


def headings_of(table: CaseListing) -> Iterator[Heading]:
    """Yield each heading once, in the order of the columns."""
    used = {heading for _, headings in table.headings for heading in headings}
    yield from (heading for heading, _ in COLUMNS if heading in used)


COLUMNS: tuple[tuple[Heading, Reader], ...] = (
    (Heading("Grade", "The grade, with P(HGG) where available", numeric=False), _grade),
    *(
        (Heading(leading(form).heading, leading(form).meaning), _measured(form))
        for form in ON_PLANE_OR_IN_VOLUME
    ),
)
