"""Values that count to the other class of a target because that is not named, and may not be of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isnan

from gliobench.domain.files.tables import number_in
from gliobench.domain.studies.unknown_codes import code_among_classes

_JOINTS = re.compile(r"(?<=[^\W_])[\s_./-]+(?=[^\W_])")
"""What separates the words of a value: "wild type" and "wild-type" are one."""
_SHORTEST = 3
"""Letters of an abbreviation: of fewer, a longer word may begin by chance."""


def doubtful_value(positive: Sequence[str], others: Sequence[str]) -> str | None:
    """Return a value of the other class that may be unknown or positive; None where there is none.

    Args:
        positive: Values of the positive class.
        others: All other values, each once.

    Returns:
        One that may be another writing of the positive class, as "mutant (R132H)" and "mut." beside
        "mutant"; among several, one that may be a code for "unknown", as -1 beside 0 and 1, or of another
        kind than the positive class, as IV beside 4 or 9 beside "mutant".
    """
    kinds = {_is_number(value) for value in positive}
    several, code = len(others) > 1, _code([*positive, *others])
    for value in others:
        is_other_kind = kinds in ({True}, {False}) and _is_number(value) not in (*kinds, None)
        if several and (is_other_kind or value == code):
            return value
        if any(_is_writing_of(value, own) for own in positive):
            return value
    return None


def _is_number(value: str) -> bool | None:
    """Return whether a value is a number or a word; None where it is neither, as R132H."""
    if not isnan(number_in(value)):
        return True
    return None if any(map(str.isdecimal, value)) else False


def _code(values: Sequence[str]) -> str | None:
    numbers = {number: value for value in values if not isnan(number := number_in(value))}
    code = code_among_classes(numbers)
    return None if code is None else numbers[code]


def _is_writing_of(value: str, other: str) -> bool:
    """Return whether a value is the other one shortened, or with more behind it."""
    short, long = sorted((_joined(value), _joined(other)), key=len)
    beyond = long[len(short) : len(short) + 1]
    is_word = len(short) >= _SHORTEST and not any(map(str.isdecimal, short + beyond))
    return is_word and long.startswith(short)


def _joined(value: str) -> str:
    return _JOINTS.sub("", value.casefold()).rstrip(".")
