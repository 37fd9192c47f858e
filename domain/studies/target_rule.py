"""The rule by which a column of a user's table gives studies one of two classes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, is_missing, number_in
from gliobench.domain.messages import printable, shown
from gliobench.domain.studies.grading_target import LONGEST, GradingTarget
from gliobench.domain.studies.metadata import MetadataTable, plain
from gliobench.domain.studies.study import Grade
from gliobench.domain.studies.unknown_codes import code_among_classes

SHORT = 9
"""Longer names of classes are cut where there is little space."""
_CUT = re.compile(r"\s*(?P<side>[<>])\s*(?P<cut>-?\d+(\.\d+)?)\s*", re.ASCII)
_ALIVE = re.compile(r"\s*alive\W*(?P<days>\d+(\.\d+)?)?.*", re.IGNORECASE | re.ASCII)
"""A patient who was alive when last seen, perhaps with the days until then: "ALIVE (361 days later)", but no
other number: "alive since 2016"."""
_UNDECIDED = re.compile(
    r"(in|un)determin\w+|equivocal|inconclusive|borderline|uncertain|unclear|ambiguous|pending|nos|nec"
    r"|not (tested|done|determined|evaluated|assessed|performed|otherwise specified)|untested"
    r"|n\.? ?[dk]\.?|tb[ad]|-"
    r"|insufficient\b.*|invalid|failed",
    re.IGNORECASE,
)
"""A cell of a test that decided nothing; "-" where it is not the opposite of "+"."""
_PARTS = re.compile(r"\s*[/,;]\s*|\s+or\s+", re.IGNORECASE)
_DIED = {"1": True, "yes": True, "true": True, "dead": True, "died": True, "deceased": True}
_JOINTS = re.compile(r"(?<=[^\W_])[\s_./-]+(?=[^\W_])")
"""What separates the words of a value: "wild type" and "wild-type" are one."""
_SHORTEST = 3
"""Letters of an abbreviation: of fewer, a longer word may begin by chance."""


_DIED |= {"0": False, "no": False, "false": False, "alive": False, "censored": False}


@dataclass(frozen=True, slots=True)
class TargetRule:
    """Which cells of a column are positive.

    Args:
        column: Its name.
        positive: Values of the positive class, or one cut such as ">365": numbers above it.
        negative: Values of the other class; empty takes every other value, but for words that a test
            decided nothing, such as "indeterminate".
        died: Of survival times, the column that holds 1 where the patient died then and 0 where
            the patient was last seen alive; None where every number is a death.

    Raises:
        InvalidInputError: There is no positive value.
    """

    column: str
    positive: tuple[str, ...]
    negative: tuple[str, ...] = ()
    died: str | None = None

    def __post_init__(self) -> None:
        if not self.column.strip() or not all(map(str.strip, self.positive)) or not self.positive:
            raise InvalidInputError(
                f"target {shown(self.column)} = {shown(list(self.positive))}: wanted a column and its "
                "positive value, such as idh=mutant or survival_days=>365"
            )

    @classmethod
    def parse(cls, text: str) -> TargetRule:
        """Read `COLUMN=VALUE`, of several values `COLUMN=VALUE|VALUE`, of numbers `COLUMN=>CUT`.

        Raises:
            InvalidInputError: It is something else.
        """
        column, _, values = text.partition("=")
        return cls(column.strip(), tuple(value.strip() for value in values.split("|")))

    def target(self, table: MetadataTable) -> GradingTarget:
        """Name the classes.

        Raises:
            InvalidInputError: There is no such column, no positive or no other cell, or a name is long.
        """
        key = table.column(self.column)
        heading = printable(table.headings[key])
        if cut := self._cut:
            other = {">": "≤", "<": "≥"}[cut["side"]]
            shorts = f"{cut['side']} {cut['cut']}", f"{other} {cut['cut']}"
        else:
            shorts = self._value_names(table, key)
        source = (
            f"{heading} of the metadata table{self._others(table, key)}, SHA-256 {table.sha256}"
        )
        positive, negative = (f"{heading} {short}" for short in shorts)
        if max(len(positive), len(negative)) > LONGEST:
            positive, negative = shorts
        one, other_one = (
            short if len(short) <= SHORT else f"{short[: SHORT - 1]}…" for short in shorts
        )
        return GradingTarget(heading[:LONGEST], positive, negative, one, other_one, source)

    def classes(self, table: MetadataTable) -> dict[int, Grade]:
        """Return the class of each row that has one, by the row's number.

        Raises:
            InvalidInputError: There is no such column, or no row of one of the classes.
        """
        key = table.column(self.column)
        died = table.column(self.died) if self.died else None
        for row in table.rows:
            if died and died in row.cells and _has_died(row.cells[died]) is None:
                raise InvalidInputError(
                    f"{row.at}: {table.headings[died]} {shown(row.cells[died])}: wanted 1 where the patient "
                    "died, 0 where not, or nothing"
                )
        found = {row.number: self._class(table, row, key, died) for row in table.rows}
        known = {number: grade for number, grade in found.items() if grade is not None}
        if len(set(known.values())) < 2:
            raise self._one_class(table, key)
        return known

    def check(self, table: MetadataTable) -> None:
        """Check that every cell has one meaning: which side of a cut, or which class where the other is not named.

        Args:
            table: The rows of the studies alone: those of sums and units are of no class.

        Raises:
            InvalidInputError: A number may have a separator of thousands; a cell may be unknown, or another
                writing of the positive class.
        """
        key = table.column(self.column)
        if self._cut:
            table.check_numbers(key)
        if self._cut or self.negative:
            return
        others = [cell for cell in _values(table, key) if self._is_other(table, cell)]
        if (value := doubtful_value(self.positive, others)) is not None:
            raise InvalidInputError(
                f"{table.place}: column {shown(table.headings[key])}: {shown(value)} may be unknown, or "
                f"{shown(self.positive[0])} in other words: wanted the values of the other class as "
                "target.negative"
            )

    @property
    def _cut(self) -> re.Match[str] | None:
        return _CUT.fullmatch(self.positive[0]) if len(self.positive) == 1 else None

    def _class(self, table: MetadataTable, row: Row, key: str, died: str | None) -> Grade | None:
        cell = row.cells.get(key)
        if cell is None:
            return None
        if cut := self._cut:
            return _beyond(table, cell, cut, row.cells.get(died, "") if died else None)
        if _is_one_of(table, cell, self.positive):
            return Grade.HGG
        return Grade.LGG if self._is_other(table, cell) else None

    def _is_other(self, table: MetadataTable, cell: str) -> bool:
        if self.negative:
            return _is_one_of(table, cell, self.negative)
        is_minus = plain(cell) == "-" and "+" in self.positive
        is_of_neither = _is_undecided(cell) and not is_minus
        return not (is_of_neither or _is_one_of(table, cell, self.positive))

    def _value_names(self, table: MetadataTable, key: str) -> tuple[str, str]:
        """Name both classes by their values: by the other's where a class has several."""
        cells = _values(table, key)
        positive = [cell for cell in cells if _is_one_of(table, cell, self.positive)]
        others = self.negative or [cell for cell in cells if self._is_other(table, cell)]
        first = printable(positive[0] if positive else self.positive[0])
        if len(others) == 1:
            other = printable(others[0])
            return (f"not {other}" if len(positive) > 1 else first), other
        name = first if len(positive) < 2 else "positive"
        return name, f"not {name}"

    def _others(self, table: MetadataTable, key: str) -> str:
        """List what stands for the other class, where these are several values that were not named."""
        values = _values(table, key)
        others = [cell for cell in values if self._is_other(table, cell)]
        if self._cut or self.negative or len(others) < 2:
            return ""
        return f" (the other class: {_some(others)})"

    def _one_class(self, table: MetadataTable, key: str) -> InvalidInputError:
        return InvalidInputError(
            f"{table.place}: target {shown('|'.join(self.positive))} of column "
            f"{shown(table.headings[key])} leaves one class without a row: its values are "
            f"{_some(_values(table, key))}"
        )


def _is_undecided(cell: str) -> bool:
    """Return whether a test decided nothing, perhaps for several reasons, as "NOS/NEC" and "unknown or pending"."""
    parts = _PARTS.split(plain(cell).replace("_", " "))
    return all(is_missing(part) or _UNDECIDED.fullmatch(part) for part in parts)


def _beyond(
    table: MetadataTable, cell: str, cut: Mapping[str, str] | re.Match[str], died: str | None
) -> Grade | None:
    """Return on which side of a cut a number is; a time without a death is a lower bound."""
    number, is_bound = table.number(cell), False
    if number is None and (alive := _ALIVE.fullmatch(cell)) and alive["days"]:
        number, is_bound = float(alive["days"]), True
    if died is not None:
        event = _has_died(died)
        if event is None:
            return None
        is_bound = is_bound or not event
    if number is None:
        return None
    above, upwards = number > float(cut["cut"]), cut["side"] == ">"
    if is_bound and not above:
        return None
    if not upwards:
        return Grade.HGG if number < float(cut["cut"]) else Grade.LGG
    return Grade.HGG if above else Grade.LGG


def _has_died(cell: str) -> bool | None:
    return _DIED.get(cell.strip().lower().removesuffix(".0"))


def _values(table: MetadataTable, key: str) -> list[str]:
    """List the values of a column, each meaning once."""
    cells = sorted({row.cells[key] for row in table.rows if key in row.cells}, reverse=True)
    return sorted({table.meaning(cell): cell for cell in cells}.values())


def _some(values: Sequence[str]) -> str:
    return ", ".join(map(printable, values[:8])) + (", …" if len(values) > 8 else "")


def _is_one_of(table: MetadataTable, cell: str, values: Sequence[str]) -> bool:
    return table.meaning(cell) in {table.meaning(value) for value in values}


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
