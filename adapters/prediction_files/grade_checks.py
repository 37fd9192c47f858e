"""Checks of tables of grades whose numbers may mean something else than P(HGG)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import isnan

from gliobench.adapters.prediction_files.grade_cells import class_in, class_of, grade_of, word_in
from gliobench.adapters.prediction_files.records import STUDY_COLUMNS
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, number_in
from gliobench.domain.messages import shown
from gliobench.domain.studies.grading_target import GradingTarget
from gliobench.domain.studies.study import Grade

MANY = 8
"""Probabilities, of which one of HGG would be low."""
ROUNDING = 0.011
"""By which a sum of two probabilities of two digits may miss 1."""


def check_sum(row: Row, number: float | None, others: Sequence[str]) -> None:
    """Refuse scores of both grades that are no probabilities."""
    other = number_in(row.first(*others) or "")
    if number is not None and abs(number + other - 1) > ROUNDING:
        raise InvalidInputError(
            f"{row.at}: {other:g} for LGG and {number:g} for HGG do not add up to 1: wanted probabilities"
        )


def check_bare(rows: Collection[Row], column: str) -> None:
    """Refuse probabilities that may be of a class in another column, be it LGG or HGG."""
    numbers = [number_in(row.cells.get(column, "")) for row in rows]
    none_is_low = not any(number < 0.5 for number in numbers)
    beside = {key for row in rows for key in row.cells} - {column, *STUDY_COLUMNS}
    classes = {
        key
        for key in beside
        if none_is_low and {class_in(row.cells.get(key)) for row in rows} == {*Grade}
    }
    for row, number in zip(rows, numbers, strict=True):
        for key in sorted(beside & row.cells.keys()):
            cell = row.cells[key]
            grade = class_in(cell) if key in classes else word_in(cell)
            if (grade is Grade.LGG and number > 0.5) or (grade is Grade.HGG and number < 0.5):
                raise InvalidInputError(
                    f"{row.at}: {column} {number:g} beside {key} {shown(cell)}: is it that of HGG or of "
                    f"{key}? wanted a column probability_hgg"
                )


def check_low(place: str, rows: Collection[Row], column: str) -> None:
    """Refuse many probabilities of which none is low, as those of what was predicted are."""
    known = [number for row in rows if not isnan(number := number_in(row.cells.get(column, "")))]
    if len(known) >= MANY and len(set(known)) > 1 and min(known) >= 0.5:
        raise InvalidInputError(
            f"{place}: no {column} of {len(known)} is below 0.5: is it that of HGG or of what was predicted? "
            "wanted a column probability_hgg"
        )


def check_cut(place: str, rows: Collection[Row], column: str, words: str) -> None:
    """Refuse probabilities beside grades that may be of the grades, and are no P(HGG) by any cut."""
    pairs = [(grade_of(row, words), number_in(row.cells.get(column, ""))) for row in rows]
    low, high = (
        [number for said, number in pairs if said is grade and not isnan(number)]
        for grade in (Grade.LGG, Grade.HGG)
    )
    if low and high and min(low + high) >= 0.5 and max(low) > min(high):
        raise InvalidInputError(
            f"{place}: no {column} is below 0.5, not of those graded LGG either, and no cut gives the "
            "grades: wanted the probability of HGG, not of what was predicted"
        )


def check_whose(place: str, target: GradingTarget, rows: Collection[Row], column: str) -> None:
    """Refuse probabilities that may be of the class predicted, be it the positive one or the other."""
    pairs = [(class_of(row, column), number_in(row.first("probability") or "")) for row in rows]
    known = [(said, number) for said, number in pairs if not isnan(number)]
    if all(number >= 0.5 for _, number in known) and any(
        said is Grade.LGG and number > 0.5 for said, number in known
    ):
        raise InvalidInputError(
            f"{place}: no probability is below 0.5, not of those predicted as 0 either: wanted the "
            f"probability of {target.positive}, not of what was predicted"
        )
