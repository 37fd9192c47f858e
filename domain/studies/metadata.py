"""A user's table about patients or studies."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import isfinite
from unicodedata import normalize

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files.tables import Row, column_key, delimiter_of, number_in, read_rows
from gliobench.domain.messages import shown
from gliobench.domain.studies.unknown_codes import code_among_quantities

_GROUPED = re.compile(
    r"[+-]?[1-9]\d{0,2}(?P<by>[.,])\d{3}(?P<more>((?P=by)\d{3})*([.,]\d+)?)", re.ASCII
)
"""A number whose thousands may be separated."""
_SPACED = re.compile(r"[+-]?[1-9]\d{0,2}(?P<by>[ '’])\d{3}((?P=by)\d{3})*([.,]\d+)?", re.ASCII)
"""A number whose thousands are separated by what is in no other number."""
_HYPHENS = str.maketrans(dict.fromkeys("\u00ad\u2010\u2011\u2012\u2013\u2014\u2212", "-"))
"""What programs write for a hyphen or a minus."""


@dataclass(frozen=True, eq=False)
class MetadataTable:
    """Rows about studies or patients.

    Args:
        place: The file, for messages.
        headings: Of the columns as written, by their keys.
        rows: In order.
        sha256: Of the file.
        decimal_comma: Whether numbers may have one: not where commas separate the cells.
    """

    place: str
    headings: Mapping[str, str]
    rows: tuple[Row, ...]
    sha256: str
    decimal_comma: bool = False

    @classmethod
    def of_text(cls, content: bytes, *, place: str) -> MetadataTable:
        """Read a table separated by commas, semicolons or tabs, in UTF-8 or UTF-16.

        Raises:
            InvalidInputError: As `read_rows`, or it is a spreadsheet or in another encoding.
        """
        headings, rows = read_rows(content, place=place)
        read = tuple(rows)
        for at, text in [
            (1, list(headings.values())),
            *((r.number, r.cells.values()) for r in read),
        ]:
            if any(not cell.isprintable() and _is_undecoded(cell) for cell in text):
                raise InvalidInputError(
                    f"{place}: row {at} is not in UTF-8, perhaps in Latin-1: save the table as UTF-8"
                )
        return cls(
            place,
            headings,
            read,
            sha256(content).hexdigest(),
            decimal_comma=delimiter_of(content) != ",",
        )

    def column(self, name: str) -> str:
        """Return the key of a column, however its name is written.

        Raises:
            InvalidInputError: There is no such column.
        """
        if (key := column_key(name)) not in self.headings:
            known = ", ".join(self.headings.values())
            raise InvalidInputError(
                f"{self.place}: there is no column {shown(name)}: wanted one of {known}"
            )
        return key

    def number(self, cell: str) -> float | None:
        """Read a number, with a decimal comma where the table may have one; None for other text.

        Thousands may be separated by spaces or apostrophes.
        """
        text = plain(cell)
        if _SPACED.fullmatch(text):
            text = re.sub("[ '’]", "", text)
        text = text.replace(",", ".") if self.decimal_comma and "." not in text else text
        number = number_in(text)
        return number if isfinite(number) else None

    def check_numbers(self, key: str) -> None:
        """Check that no number of a column may be a thousand times another, or stand for "unknown".

        Raises:
            InvalidInputError: One may be.
        """
        place = f"{self.place}: column {shown(self.headings[key])}"
        if cell := self.separated(key):
            raise InvalidInputError(
                f"{place}: {shown(cell)} may have a separator of thousands: wanted numbers without"
            )
        if (code := self.code(key)) is not None:
            raise InvalidInputError(
                f"{place}: {code:g} may stand for unknown: wanted such cells empty"
            )

    def code(self, key: str) -> float | None:
        """Return a number of a column that may stand for "unknown", such as -1."""
        found = (self.number(row.cells.get(key, "")) for row in self.rows)
        return code_among_quantities([number for number in found if number is not None])

    def separated(self, key: str) -> str | None:
        """Return a number of a column whose thousands may be separated, such as 1,234 between tabs."""
        cells = [row.cells[key] for row in self.rows if key in row.cells]
        groups = {cell: found for cell in cells if (found := _GROUPED.fullmatch(cell))}
        others = [cell for cell in cells if cell not in groups and self.number(cell) is not None]
        has_comma, has_point = (any(mark in cell for cell in others) for mark in ",.")
        may_group = self.decimal_comma and not has_point and any(map(str.isdecimal, others))
        for cell, found in groups.items():
            is_decimal = (
                self.decimal_comma and has_comma
                if found["by"] == ","
                else not has_comma and not (may_group and _are_below_1000(others))
            )
            if found["more"] or not is_decimal:
                return cell
        return None

    def meaning(self, cell: str) -> float | str:
        """Return what equal cells share: a whole number, or else the text in any case.

        Other numbers stay texts, for 1.1 and 1.10 may be versions.
        """
        number = self.number(cell)
        text = plain(cell).casefold()
        return text if number is None or not number.is_integer() else number


def _are_below_1000(cells: Sequence[str]) -> bool:
    return all(len(cell) < 4 for cell in cells)


def plain(text: str) -> str:
    """Return a text with one kind of spaces, each once, and of hyphens."""
    return " ".join(normalize("NFC", text).translate(_HYPHENS).split())


def _is_undecoded(cell: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in cell)
