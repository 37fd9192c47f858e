"""The table of single cases: what each backend answered on each study, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gliobench.adapters.html.numbers import number
from gliobench.domain.comparison.casebook import Casebook, CaseEntry
from gliobench.domain.evaluation.saved_case import SavedSlice
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics.measures import leading
from gliobench.domain.predictions.prediction import Failure, Form, GradePrediction, NoTumour
from gliobench.domain.studies.grading_target import CLASS, CLASS_TITLE, POSITIVE, class_name
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
    """One value.

    Args:
        text: The text shown; empty where there is no value.
        key: The sorting key; None goes last.
        brief: The text in the table, with its unit or measure.
        failed: Whether the text is a reason of failure.
    """

    text: str = ""
    key: float | None = None
    brief: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What one backend answered on one study.

    Args:
        outcome: Of the grade.
        cells: All values, one of each of `COLUMNS`.
    """

    outcome: GradeOutcome = GradeOutcome.UNKNOWN
    cells: tuple[Cell, ...] = (Cell(),) * 6

    @property
    def grade(self) -> Cell:
        """The grade; its key is P(HGG), or 0 or 1 without a probability."""
        return self.cells[0]

    @property
    def centre(self) -> Cell:
        """The centre error."""
        return self.cells[2]

    @property
    def overlap(self) -> Cell:
        """Dice of the masks, else of the polygons, else IoU of the boxes."""
        return next((cell for cell in reversed(self.cells[3:]) if cell.text), Cell())

    @property
    def small_print(self) -> list[Cell]:
        """What the table shows below the grade, each text once."""
        texts = {cell.brief: cell for cell in (self.centre, self.overlap) if cell.text}
        return [cell for brief, cell in texts.items() if brief != self.grade.brief]


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One study.

    Args:
        entry: Its scores and pictures.
        grade: The reference grade, "no tumour", or empty.
        answers: By backend.
    """

    entry: CaseEntry
    grade: str
    answers: tuple[Answer, ...]

    @property
    def study_id(self) -> str:
        """The study."""
        return self.entry.any_score.study_id

    @property
    def site(self) -> str:
        """The acquisition site, or empty."""
        return self.entry.any_score.site or ""

    @property
    def picture(self) -> SavedSlice | None:
        """The slice that can be shown."""
        return self.entry.kept.picture if self.entry.kept else None

    def outcomes(self, models: list[int]) -> list[GradeOutcome]:
        """Return the outcomes of the models' grades."""
        return [self.answers[n].outcome for n in models]

    def n_wrong(self, models: list[int]) -> int:
        """Count the models whose grade is wrong or missing."""
        return sum(map(self.outcomes(models).count, (GradeOutcome.WRONG, GradeOutcome.FAILED)))


FORMS = {
    Form.POINT: Form.POINT_3D,
    Form.BOX: Form.BOX_3D,
    Form.POLYGON: Form.POLYGON,
    Form.MASK: Form.MASK,
}
"""The forms shown, and the form shown instead where one was not scored."""
COLUMNS: tuple[tuple[str, str], ...] = (
    (CLASS_TITLE, f"The answered {CLASS}"),
    (f"P({POSITIVE})", f"Predicted probability of {POSITIVE}"),
    *((leading(form).heading, leading(form).meaning) for form in FORMS),
)
"""Title and meaning of each value of an answer."""


def case_rows(book: Casebook) -> tuple[CaseRow, ...]:
    """Tabulate a casebook, worst first.

    Cases are ordered by the number of models whose grade is wrong or missing, then by the largest
    centre error, the lowest overlap, and the study id. Baselines do not count.
    """
    rows = [
        CaseRow(
            entry=entry,
            grade=_reference(entry.any_score),
            answers=tuple(_answer(entry.scores.get(name)) for name in book.backends),
        )
        for entry in book.entries
    ]
    models = models_of(book)
    return tuple(sorted(rows, key=lambda row: _badness(row, models)))


def models_of(book: Casebook) -> list[int]:
    """Return the positions of the backends that are no baselines; of all, if all are baselines."""
    models = [n for n, name in enumerate(book.backends) if name not in book.baselines]
    return models or list(range(len(book.backends)))


def _badness(row: CaseRow, models: list[int]) -> tuple[float, float, float, str]:
    answers = [row.answers[n] for n in models]
    errors = [key for answer in answers if (key := answer.centre.key) is not None]
    overlaps = [key for answer in answers if (key := answer.overlap.key) is not None]
    return -row.n_wrong(models), -max(errors, default=0), min(overlaps, default=2), row.study_id


def _reference(case: CaseScore) -> str:
    grade = class_name(case.reference_grade) if case.reference_grade else ""
    return ", ".join(filter(None, (grade, "no tumour" if case.tumour_free else "")))


def _answer(case: CaseScore | None) -> Answer:
    if case is None:
        return Answer()
    measured = [_measured(case, form) for form in FORMS]
    match case.grade:
        case None:
            return Answer(GradeOutcome.UNKNOWN, (Cell(), Cell(), *measured))
        case Failure() as failure:
            return Answer(GradeOutcome.FAILED, (_failed(failure), Cell(), *measured))
        case GradePrediction(grade=grade, probability_hgg=p):
            probability = "" if p is None else number(p)
            key = p if p is not None else float(grade is Grade.HGG)
            name = class_name(grade)
            graded = Cell(name, key, f"{name} {probability}".strip())
            is_right = grade is case.reference_grade
            known = GradeOutcome.RIGHT if is_right else GradeOutcome.WRONG
            outcome = known if case.reference_grade else GradeOutcome.UNKNOWN
            return Answer(outcome, (graded, Cell(probability, p), *measured))


def _measured(case: CaseScore, form: Form) -> Cell:
    scored = form if form in case.localisation else FORMS[form]
    found = case.localisation.get(scored)
    if found is None:
        return Cell()
    value = found.leading(scored)
    if found.failure is not None:
        return Cell() if value is None else _failed(found.failure, value)
    if case.found_tumour is False or isinstance(found.answer, NoTumour):
        return Cell("no tumour found", value, "no tumour found")
    if case.tumour_free and case.found_tumour:
        return Cell("false positive", value, "false positive")
    if value is None:
        return Cell()
    measure = leading(form)
    text = number(value, measure.digits)
    # Box IoU, Polygon Dice: the last word suffices in a narrow column
    brief = f"{text} {measure.unit}" if measure.unit else f"{measure.title.split()[-1]} {text}"
    return Cell(text, value, brief)


def _failed(failure: Failure, key: float | None = None) -> Cell:
    words = failure.reason.value.replace("_", " ")
    return Cell(words, key, words, failed=True)
