"""Grades and classes in the cells of a table."""

from __future__ import annotations

from collections.abc import Mapping

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key, number_in, unescaped
from gliobench.domain.messages import shown
from gliobench.domain.studies.study import Grade

WORDS: Mapping[str, Grade] = {
    "lgg": Grade.LGG,
    "low": Grade.LGG,
    "lowgrade": Grade.LGG,
    "lowgradeglioma": Grade.LGG,
    "hgg": Grade.HGG,
    "high": Grade.HGG,
    "highgrade": Grade.HGG,
    "highgradeglioma": Grade.HGG,
}
"""What a grade may be called, its letters and digits in any case. Numbers are refused: they may be grades of
the WHO, or classes in either order."""
TRUTH = {"false": 0.0, "true": 1.0}


def class_in(cell: str | None) -> Grade | None:
    """Read a class, 1 or true for HGG, however many zeros a spreadsheet shows; None where it is none."""
    text = cell or ""
    number = TRUTH.get(text.lower(), number_in(text))
    return {0.0: Grade.LGG, 1.0: Grade.HGG}.get(number)


def word_in(cell: str) -> Grade | None:
    """Read a grade in words; None where it is something else, such as "HGG?"."""
    text = unescaped(cell).strip(".")
    return None if "?" in text else WORDS.get(column_key(text))


def grade_of(row: Row, column: str) -> Grade | None:
    """Read a grade in words from a row; None where the cell is empty.

    Raises:
        InvalidInputError: It says something else.
    """
    text = row.first(column)
    if text is None:
        return None
    grade = word_in(text)
    if grade is None:
        raise InvalidInputError(f"{row.at}: {column} {shown(text)}: wanted LGG or HGG")
    return grade


def class_of(row: Row, column: str) -> Grade | None:
    """Read a class from a row; None where the cell is empty.

    Raises:
        InvalidInputError: It says something else.
    """
    text = row.first(column)
    grade = class_in(text)
    if text is not None and grade is None:
        raise InvalidInputError(
            f"{row.at}: {column} {shown(text)}: wanted 1 or 0 beside a probability"
        )
    return grade
