"""Grades in a table: words, probabilities, or both; GaNDLF's tables of predictions too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from gliobench.adapters.prediction_files.confidences import share_in
from gliobench.adapters.prediction_files.grade_cells import class_in, class_of, grade_of, word_in
from gliobench.adapters.prediction_files.grade_checks import (
    check_bare,
    check_cut,
    check_low,
    check_sum,
    check_whose,
)
from gliobench.adapters.prediction_files.records import Table, failure_in
from gliobench.adapters.prediction_files.written import Written
from gliobench.application.ports.dataset_path import DatasetPath
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row
from gliobench.domain.messages import shown
from gliobench.domain.predictions.prediction import (
    NEITHER,
    Failure,
    FailureReason,
    GradePrediction,
    GradeSet,
)
from gliobench.domain.predictions.reasons import Reason, read_reasons
from gliobench.domain.studies.grading_target import GRADE, GradingTarget
from gliobench.domain.studies.study import Grade

SURE = ("probabilityhgg", "probhgg", "phgg")
"""Keys of columns that can only be P(HGG)."""
BARE = ("probability", "prob")
"""Keys of columns that are P(HGG) unless a column of grades stands beside them that they are of."""
OTHERS = ("probabilitylgg", "problgg", "plgg", "lgg")
"""Keys of columns of P(LGG), which beside P(HGG) adds up to 1: scores and logits do not."""
OF_GRADES = ("ishgg", "hgg")
CLASSES = ("prediction", "predictedclass", *OF_GRADES)
"""Keys of columns of the positive class, 1 = HGG: whole numbers are classes, others probabilities."""
TARGET = "target"
"""GaNDLF's column of references, in the same classes."""


def read_grades(
    path: DatasetPath, *, study_ids: Collection[str] | None = None, target: GradingTarget = GRADE
) -> Written:
    """Read grades, or the classes of another target.

    Args:
        path: Of the table.
        study_ids: Every study that may be in it; None where they are not known.
        target: What is graded; of another one than the grade, columns of HGG are refused.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no table of grades, a study is in it twice, or a cell is wrong.
    """
    table = Table.read(path)
    rows = _by_study(table, study_ids)
    answer = _Reading(table, rows, target)
    return Written(
        kind="grades",
        place=table.place,
        sha256=table.sha256,
        said_grades={study_id: answer(row) for study_id, row in rows.items()},
        study_ids=study_ids,
    )


def targets_in(path: DatasetPath) -> Mapping[str, Grade]:
    """Read what GaNDLF's table takes for the references, by study: in the classes of its predictions.

    Raises:
        NotFoundError: There is no such file.
        InvalidInputError: It is no such table.
    """
    rows = _by_study(Table.read(path))
    found = {study_id: class_in(row.first(TARGET)) for study_id, row in rows.items()}
    return {study_id: grade for study_id, grade in found.items() if grade is not None}


def _by_study(table: Table, study_ids: Collection[str] | None = None) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for study_id, row in table.by_study(study_ids):
        if (first := rows.setdefault(study_id, row)) is not row:
            raise InvalidInputError(
                f"{row.at}: study {study_id} is in row {first.number} already: wanted one row for each"
            )
    return rows


class _Reading:
    """Reads the rows of one table, whose columns say what its numbers mean."""

    def __init__(self, table: Table, rows: Mapping[str, Row], target: GradingTarget) -> None:
        self._class: str | None = None
        self._others = OTHERS if target.is_grade else ()
        known = {"grade", *SURE, *BARE, *CLASSES}
        self._columns = [name for name in (*SURE, *BARE, *CLASSES) if name in table.columns]
        self._words = self._column_of_words(table, rows.values()) if target.is_grade else None
        if not target.is_grade:
            _check_columns(table, target)
            if set(self._columns) == {"prediction", "probability"}:
                self._columns = ["probability"]
                self._class = "prediction"
        elif not table.columns & known:
            raise InvalidInputError(
                f"{table.place}: row 1: wanted a column grade or probability_hgg, or GaNDLF's Prediction"
            )
        if len(self._columns) > 1:
            raise InvalidInputError(
                f"{table.place}: row 1: {' and '.join(self._columns)} may both be the answer: wanted one"
            )
        column = next(iter(self._columns), "")
        self._are_classes = column in CLASSES and all(
            class_in(row.cells.get(column, "0")) for row in rows.values()
        )
        self._is_bare = column in BARE and self._words is not None
        if target.is_grade and column in BARE and not self._words:
            check_bare(rows.values(), column)
            check_low(table.place, rows.values(), column)
        if self._words and column in SURE:
            check_cut(table.place, rows.values(), column, self._words)
        if self._class:
            check_whose(table.place, target, rows.values(), self._class)

    def _column_of_words(self, table: Table, rows: Collection[Row]) -> str | None:
        """Return the column of grades in words, which a column of classes may be; it is none of numbers."""
        if "grade" in table.columns:
            return "grade"
        for column in CLASSES:
            cells = {row.cells[column] for row in rows if column in row.cells}
            if cells and all(word_in(cell) for cell in cells):
                self._columns.remove(column)
                return column
        return None

    def __call__(self, row: Row) -> GradePrediction | Failure:
        if failure := failure_in(row):
            return failure
        said = self._answer(row)
        return said if isinstance(said, Failure) else _with_details(said, row)

    def _answer(self, row: Row) -> GradePrediction | Failure:
        grade = class_of(row, self._class) if self._class else grade_of(row, self._words or "grade")
        number = self._number(row)
        raw = row.first("raw")
        if grade is None and number is None:
            return Failure(FailureReason.MISSING_PREDICTION, f"{row.at}: no grade", raw)
        if self._are_classes and number is not None:
            return GradePrediction(self._agreed(row, grade, number), None, raw)
        if grade is None and number is not None:
            return GradePrediction.likelier(number, raw)
        if grade is Grade.LGG and self._is_bare and number is not None and number > 0.5:
            raise InvalidInputError(
                f"{row.at}: grade LGG with probability {number:g}: is that of HGG or of the grade? "
                "wanted a column probability_hgg"
            )
        return GradePrediction(grade or Grade.HGG, number, raw)

    def _agreed(self, row: Row, grade: Grade | None, number: float) -> Grade:
        """Return the grade of a class, which a grade beside it has to share."""
        of_class = Grade.HGG if number else Grade.LGG
        if grade not in (None, of_class):
            (column,) = self._columns
            raise InvalidInputError(
                f"{row.at}: the column grade and {column} {shown(row.cells[column])} contradict each "
                "other: wanted what was predicted alone, not the reference grade"
            )
        return of_class

    def _number(self, row: Row) -> float | None:
        if self._are_classes:
            grade = class_in(row.first(*self._columns))
            number = None if grade is None else float(grade is Grade.HGG)
        else:
            number = share_in(row, *self._columns, name="", wanted="a probability")
        check_sum(row, number, self._others)
        return number


def _with_details(grade: GradePrediction, row: Row) -> GradePrediction:
    return replace(grade, grade_set=_set_in(row), reasons=_reasons(row))


def _set_in(row: Row) -> GradeSet | None:
    """Read the grades that are not excluded, as `gliobench export-predictions` writes them."""
    text, coverage = row.first("gradeset"), row.first("setcoverage")
    if text is None:
        return None
    try:
        return GradeSet.of(text, float(coverage or ""))
    except ValueError as error:
        raise InvalidInputError(
            f"{row.at}: grade_set {shown(text)}, set_coverage {shown(coverage)}: wanted LGG, HGG, both "
            f"or {NEITHER}, and a share"
        ) from error


def _reasons(row: Row) -> tuple[Reason, ...]:
    """Read the reasons of a grade, as `gliobench export-predictions` writes them."""
    try:
        return read_reasons(row.first("reasons"))
    except (LookupError, ValueError, TypeError) as error:
        raise InvalidInputError(
            f"{row.at}: reasons cannot be read ({error}): wanted a JSON list as gliobench exports it"
        ) from error


def _check_columns(table: Table, target: GradingTarget) -> None:
    """Check that a table may be of another target than the grade."""
    of_grades = {"grade", *SURE, *OF_GRADES} & table.columns
    if of_grades or not table.columns & {*BARE, *CLASSES}:
        got = f"column {', '.join(sorted(of_grades))}" if of_grades else "no column of predictions"
        raise InvalidInputError(
            f"{table.place}: row 1: {got}: wanted probability, or prediction (1 or 0), of "
            f"{target.positive}"
        )
