"""Tables of people's own making, as CSV: read with care for their rows, written without surprises."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import printable

MOST_BYTES, MOST_ROWS = 2**27, 2_000_000
"""Of a table; a million rows of BraTS's name mapping fit in."""
MISSING = frozenset({"", "na", "n/a", "nan", "none", "null", "unknown"})
"""How tables say, in any case, that they say nothing."""
_DELIMITERS, _LONGEST_HEADER = ",;\t", 2**16
_BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")
_FORMULA = tuple("=+-@＝＋－＠")
"""With what a formula begins; some programs take the full-width signs too."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Args:
        at: The file and the row's number, as a spreadsheet counts: the header is row 1.
        number: That number.
        cells: What it says, by column (see `column_key`); columns that say nothing are absent.
    """

    at: str
    number: int
    cells: Mapping[str, str]

    def first(self, *columns: str) -> str | None:
        """Give the cell of the first of these columns that says something."""
        return next((self.cells[one] for one in columns if one in self.cells), None)


def column_key(name: str) -> str:
    """Tell columns apart as people do: by letters and digits, in any case.

    >>> column_key("Patient ID") == column_key("patient_id")
    True
    """
    return "".join(filter(str.isalnum, name)).lower()


def read_rows(content: bytes, *, place: str) -> tuple[frozenset[str], Iterator[Row]]:
    """Read a table with commas, semicolons or tabs, in UTF-8 or UTF-16, with or without a mark.

    A byte that is no UTF-8 is kept as the operating system keeps it in a file's name. Blank rows
    are counted and left out.

    Args:
        content: The file; no more than `MOST_BYTES` of it.
        place: What to call the file in messages.

    Returns:
        The columns' keys, and the rows, read one by one.

    Raises:
        InvalidInputError: It is empty or too large, two columns have one name, and, while rows are
            read: quotes that do not match, or another number of cells than the header has.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInputError(f"{place}: larger than {MOST_BYTES // 2**20} MiB: wanted a table")
    lines = _lines(content, place)
    _, header = next(lines, (1, []))
    columns = [column_key(name) for name in header]
    if not any(columns):
        raise InvalidInputError(f"{place}: the table is empty: wanted a header and rows")
    for number, column in enumerate(columns):
        if column and column in columns[:number]:
            raise InvalidInputError(f"{place}: row 1: two columns are called {header[number]!r}")
    return frozenset(columns) - {""}, _rows(lines, columns, place)


def write_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table that spreadsheets show and do not run.

    Numbers stay numbers. A text that would begin a formula (`=`, `+`, `-`, `@`) gets an apostrophe
    before it; tabs, line ends and other control characters are escaped.
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(_harmless, head))
    writer.writerows(map(_harmless, row) for row in rows)
    return text.getvalue()


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _delimiter(content: bytes, encoding: str) -> str:
    """Take the sign that parts the header into the most cells."""
    text = content[:_LONGEST_HEADER].decode(encoding, errors="replace")
    return max(_DELIMITERS, key=text.lstrip().partition("\n")[0].count)


def _lines(content: bytes, place: str) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that say anything, with their numbers."""
    encoding = "utf-16" if content[:2] in _BYTE_ORDERS else "utf-8-sig"
    delimiter = _delimiter(content, encoding)
    text = TextIOWrapper(BytesIO(content), encoding, errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    for number in range(1, MOST_ROWS + 2):
        try:
            line = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidInputError(
                f"{place}: row {number}: {error}: wanted cells parted by {delimiter!r}, in UTF-8"
            ) from error
        if any(line):
            yield number, line
    raise InvalidInputError(f"{place}: more than {MOST_ROWS:,} rows: wanted fewer")


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: Sequence[str], place: str
) -> Iterator[Row]:
    for number, line in lines:
        cells, beyond = line[: len(columns)], line[len(columns) :]
        if len(cells) < len(columns) or any(beyond):
            raise InvalidInputError(
                f"{place}: row {number} has {len(line)} cells: wanted {len(columns)}, as the header"
            )
        told = {
            column: cell
            for column, cell in zip(columns, cells, strict=True)
            if column and cell.lower() not in MISSING
        }
        yield Row(f"{place}: row {number}", number, told)
