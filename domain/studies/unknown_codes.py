"""Numbers by which statistics programs write that a value is unknown."""

from __future__ import annotations

from collections.abc import Collection, Sequence

_NEGATIVE = frozenset({-1.0, -9.0, -99.0, -999.0, -9999.0})
_NINES = frozenset({9.0, 99.0, 999.0, 9999.0, 99999.0})
_FEWEST_NINES = 999.0
"""Of quantities: 9 days and 99 years are usual ones."""


def code_among_classes(numbers: Collection[float]) -> float | None:
    """Return the number that may stand for "unknown" among the values of a class; None where none may.

    >>> code_among_classes([0, 1, -1]), code_among_classes([0, 1, 9]), code_among_classes([2, 3, 4])
    (-1, 9, None)
    """
    return _negative(numbers) or _far_nines(numbers)


def code_among_quantities(numbers: Sequence[float]) -> float | None:
    """Return the number that may stand for "unknown" among measured ones; None where none may.

    >>> code_among_quantities([61, 48, -1]), code_among_quantities([61, 48, 999, 999])
    (-1, 999)
    >>> code_among_quantities([410, 365, 999])  # a single one may be measured
    """
    nines = _far_nines(numbers)
    is_code = nines is not None and nines >= _FEWEST_NINES and list(numbers).count(nines) > 1
    return _negative(numbers) or (nines if is_code else None)


def _negative(numbers: Collection[float]) -> float | None:
    """Return the one negative value among others, if it is a usual code."""
    below = {number for number in numbers if number < 0}
    is_code = len(below) == 1 and below <= _NEGATIVE and max(numbers) >= 0
    return below.pop() if is_code else None


def _far_nines(numbers: Collection[float]) -> float | None:
    """Return the largest of whole numbers, if it is of nines and more than twice the next one."""
    *others, last = sorted(set(numbers)) or [0.0]
    is_code = last in _NINES and bool(others) and 2 * others[-1] < last
    return last if is_code and all(number % 1 == 0 for number in others) else None
