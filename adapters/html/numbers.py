"""Printing of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from gliobench.domain.statistics.estimate import Interval, Measured, NotEstimable

MISSING = "–"
"""Printed where a number is not estimable or was not asked for."""
MOST_NAMED = 3
"""More backends are counted."""
LOWER_TERCILES = (("small", "central", "low"), ("medium", "intermediate", "middle"))
"""Names of the first and of the second terciles."""


def number(value: float | None, digits: int = 2) -> str:
    """Print a number with a true minus sign, and `MISSING` for None."""
    if value is None:
        return MISSING
    printed = f"{value:.{digits}f}"
    return printed.replace("-", "−") if float(printed) else printed.lstrip("-")


def value_of(measured: Measured) -> float | None:
    """Return the value alone, None where it is not estimable."""
    return None if isinstance(measured, NotEstimable) else measured.value


def ends(measured: Measured) -> Interval | None:
    """Return the interval alone, None where there is none."""
    if isinstance(measured, NotEstimable) or isinstance(measured.interval, NotEstimable):
        return None
    return measured.interval


def interval(measured: Measured, digits: int = 2, *, dash: str = " to ") -> str:
    """Print an interval, and nothing where there is none; `dash` stands between its ends."""
    found = ends(measured)
    return f"{number(found.low, digits)}{dash}{number(found.high, digits)}" if found else ""


def percent(value: float | None) -> str:
    """Print a share in whole per cent; 100 % and 0 % are printed only where they are exact."""
    if value is None:
        return MISSING
    if 0 < value < 0.01:
        return "less than 1 %"
    if 0.99 < value < 1:
        return "more than 99 %"
    return f"{100 * value:.0f} %"


def count(n: int, thing: str) -> str:
    """Print a count with its noun: 1 study, 2 studies."""
    if n == 1:
        return f"1 {thing}"
    return f"{n:,} {thing[:-1]}ies" if thing.endswith("y") else f"{n:,} {thing}s"


def listed(words: Sequence[str], last: str = "and") -> str:
    """Join words as in prose: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def named(words: Sequence[str], counted: str, last: str = "and") -> str:
    """Join a few words as in prose; print what counts them where they are more than `MOST_NAMED`."""
    return listed(words, last) if len(words) <= MOST_NAMED else counted


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[0].upper() + text[1:]


def joined(*parts: str) -> str:
    """Join the parts that are not empty, as in small print: a · b."""
    return " · ".join(filter(None, parts))


def mirrored(measured: Measured, sign: int) -> Measured:
    """Reverse a difference where `sign` is -1."""
    if sign > 0 or isinstance(measured, NotEstimable):
        return measured
    spread = measured.interval
    if not isinstance(spread, NotEstimable):
        spread = replace(spread, low=-spread.high, high=-spread.low)
    return replace(measured, value=-measured.value, interval=spread)


def subgroup_name(name: str, edges: Sequence[float], unit: str) -> str:
    """Name a subgroup, a tercile with its limits."""
    if not edges:
        return name
    low, high = (number(edge, 0) if unit else f"{edge:.4g}" for edge in edges)
    place = next((at for at, names in enumerate(LOWER_TERCILES) if name in names), 2)
    limits = (f"up to {low}", f"{low} to {high}", f"over {high}")[place]
    return f"{name} ({limits + (f' {unit}' if unit else '')})"
