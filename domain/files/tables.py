"""CSV tables: tolerant and checked reading, and writing that is safe for spreadsheets."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from math import nan

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.messages import printable

MOST_BYTES, MOST_ROWS = 2**27, 2_000_000
"""Maximum size of a table; a million rows of BraTS's name mapping fit."""
_MISSING = frozenset(
    {
        "",
        "na",
        "n/a",
        "n.a.",
        "nan",
        "none",
        "null",
        "unknown",
        "unk",
        "missing",
        "blank",
        ".",
        "?",
        "--",
    }
    | {"not available", "not applicable", "not reported", "not evaluated", "not known"}
    | {"value!", "ref!", "div/0!", "name?", "num!", "null!"}
)
"""Among them "." of SAS and what Excel shows in the place of a value that it cannot compute."""
_DELIMITERS, _LONGEST_HEADER = ",;\t", 2**16
_NAMED_DELIMITER = re.compile(r'\s*"?sep=(?P<by>[,;\t])"?\s*', re.IGNORECASE)
"""A first line by which Excel knows what separates the cells."""
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b")
"""How files of Excel begin, zip archives as the new ones and others as the old ones, and gzip."""
_BYTE_ORDERS = (b"\xff\xfe", b"\xfe\xff")
_LONGEST_NUMBER = 100
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_QUOTED = re.compile(r'"[^"]*"')
_FORMULA = tuple("=+-@＝＋－＠")
"""Characters that begin a formula; some programs accept the full-width signs too."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Args:
        at: The file and the row's number as in a spreadsheet: the header is row 1.
        number: That number.
        cells: Values by column (see `column_key`); empty columns are absent.
    """

    at: str
    number: int
    cells: Mapping[str, str]

    def first(self, *columns: str) -> str | None:
        """Return the first non-empty cell of these columns."""
        return next((self.cells[column] for column in columns if column in self.cells), None)


def is_missing(cell: str) -> bool:
    """Return whether a cell means "unknown", in any case, as spreadsheets and archives write it.

    >>> is_missing("NaN"), is_missing("#N/A"), is_missing("[Not Available]"), is_missing("-")
    (True, True, True, False)
    """
    return cell.strip("[]()<>#'").lower() in _MISSING


def column_key(name: str) -> str:
    """Normalise a column name to its letters and digits, in any case.

    >>> column_key("Patient ID") == column_key("patient_id")
    True
    """
    return "".join(filter(str.isalnum, name)).lower()


def number_in(text: str) -> float:
    """Read a decimal number; NaN where the text is anything else, such as "1_0", which Python takes for 10."""
    return float(text) if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text) else nan


def read_rows(content: bytes, *, place: str) -> tuple[Mapping[str, str], Iterator[Row]]:
    """Read a table with commas, semicolons or tabs, in UTF-8 or UTF-16, with or without a byte-order mark.

    Bytes that are not UTF-8 are preserved as the operating system does in file names. Blank rows are
    counted and skipped.

    Args:
        content: The file; at most `MOST_BYTES` of it.
        place: Name of the file in messages.

    Returns:
        The columns' headings by their keys, and an iterator of the rows.

    Raises:
        InvalidInputError: The table is empty, too large or a spreadsheet, or two columns have the same name; during
            iteration: unmatched quotes, or a number of cells other than the header's.
    """
    if len(content) > MOST_BYTES:
        raise InvalidInputError(f"{place}: larger than {MOST_BYTES // 2**20} MiB: wanted a table")
    if content.startswith(_NO_TEXT):
        raise InvalidInputError(f"{place} is a spreadsheet or an archive: save the table as CSV")
    lines = _lines(content, place)
    _, header = next(lines, (1, []))
    columns = [column_key(name) for name in header]
    if not any(columns):
        raise InvalidInputError(f"{place}: the table is empty: wanted a header and rows")
    for number, column in enumerate(columns):
        if column and column in columns[:number]:
            raise InvalidInputError(f"{place}: row 1: two columns are called {header[number]!r}")
    headings = {key: name for key, name in zip(columns, header, strict=True) if key}
    return headings, _rows(lines, columns, place)


def write_csv(
    head: Sequence[str], rows: Iterable[Sequence[object]], *, delimiter: str = ","
) -> str:
    """Write a table that spreadsheets display without executing it.

    Numbers stay numbers. A text that would begin a formula (`=`, `+`, `-`, `@`) gets a leading
    apostrophe; tabs, line ends and other control characters are escaped.
    """
    text = StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\n")
    writer.writerow(map(_harmless, head))
    writer.writerows(map(_harmless, row) for row in rows)
    return text.getvalue()


def unescaped(text: str) -> str:
    """Undo the apostrophe that `write_csv` puts before a formula.

    >>> unescaped("'=A1"), unescaped("'t Hooft")
    ('=A1', "'t Hooft")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _harmless(value: object) -> object:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def delimiter_of(content: bytes) -> str:
    """Choose the delimiter that a first line names, or that splits the header into the most cells."""
    text = content[:_LONGEST_HEADER].decode(_encoding(content), errors="replace")
    first = text.lstrip().partition("\n")[0]
    if named := _NAMED_DELIMITER.fullmatch(first):
        return named["by"]
    header = _QUOTED.sub("", first)
    return max(_DELIMITERS, key=header.count)


def decoded(content: bytes) -> str:
    """Decode UTF-8 or UTF-16, with or without a byte-order mark; other bytes are kept as in file names."""
    encoding = _encoding(content)
    return content.decode(encoding, "replace" if encoding == "utf-16" else "surrogateescape")


def _encoding(content: bytes) -> str:
    return "utf-16" if content[:2] in _BYTE_ORDERS else "utf-8-sig"


def _lines(content: bytes, place: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the non-empty rows with their numbers."""
    delimiter = delimiter_of(content)
    text = TextIOWrapper(BytesIO(content), _encoding(content), errors="surrogateescape", newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    for number in range(1, MOST_ROWS + 2):
        try:
            line = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except (csv.Error, UnicodeDecodeError) as error:
            raise InvalidInputError(
                f"{place}: row {number}: {error}: wanted cells separated by {delimiter!r}, in UTF-8"
            ) from error
        names_delimiter = number == 1 and _NAMED_DELIMITER.fullmatch(delimiter.join(line))
        if any(line) and not names_delimiter:
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
        values = {
            column: cell
            for column, cell in zip(columns, cells, strict=True)
            if column and not is_missing(cell)
        }
        yield Row(f"{place}: row {number}", number, values)
