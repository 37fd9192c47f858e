from __future__ import annotations

import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.files import tables
from gliobench.domain.files.tables import read_rows, write_csv

TEXT = "Grade,Patient ID\nHGG,anna\n\nNA,ben\n"


def read(content: bytes) -> list[tuple[int, dict[str, str]]]:
    _, rows = read_rows(content, place="t.csv")
    return [(row.number, dict(row.cells)) for row in rows]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace(",", ";").encode(),
        TEXT.replace(",", "\t").encode(),
        b'"Grade","Patient ID"\n"HGG"," anna "\n,\n"",ben\n',
        b"Grade,Patient ID,\nHGG,anna,\n\nNA,ben,,,\n",
    ],
)
def test_a_table_is_read_however_a_spreadsheet_saves_it(content: bytes) -> None:
    assert read(content) == [(2, {"grade": "HGG", "patientid": "anna"}), (4, {"patientid": "ben"})]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;\r", "\ufeffsep=;"])
def test_a_first_line_that_names_the_delimiter_is_no_header(first: str) -> None:
    found = read(f"{first}\nAge, years, about;ID\n44;anna\n".encode())

    assert found == [(3, {"ageyearsabout": "44", "id": "anna"})]


def test_a_comma_in_quotes_separates_no_cells() -> None:
    assert read(b'"Age, years";ID\n44;anna\n') == [(2, {"ageyears": "44", "id": "anna"})]


def test_cells_that_archives_and_spreadsheets_leave_open_are_missing() -> None:
    words = ("#N/A", "<NA>", "[Not Available]", "'--", "not reported", "?", "n.a.", "NULL")
    words += ("#VALUE!", "#DIV/0!", "#REF!", ".", "(blank)", "missing", "Not known")
    rows = "".join(f"{word},kept\n" for word in (*words, "-", "0", "no"))

    found = [cells.get("mgmt") for _, cells in read(f"MGMT,id\n{rows}".encode())]

    assert found == [None] * len(words) + ["-", "0", "no"]


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b"])
def test_a_spreadsheet_or_an_archive_is_said_to_be_one(start: bytes) -> None:
    with pytest.raises(InvalidInputError, match=r"t\.csv is a spreadsheet or an archive: save the"):
        read(start + b",\n" * 9)


def test_bytes_that_are_no_utf_8_are_kept_as_in_files_names() -> None:
    assert read(b"id\nPati\xebnt\n") == [(2, {"id": "Pati\udcebnt"})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "t.csv: the table is empty"),
        (b"\n \n", "t.csv: the table is empty"),
        (b"Grade,id,grade\n", "t.csv: row 1: two columns are called 'grade'"),
        (b"a,b\n1,2\n1\n", "t.csv: row 3 has 1 cells: wanted 2"),
        (b"a,b\n1,2,3\n", "t.csv: row 2 has 3 cells: wanted 2"),
        (b'a,b\n1,"2\n3,4\n', "t.csv: row 2: unexpected end of data"),
        (b'a,b\n1,2\n"1"x,2\n', "t.csv: row 3: ',' expected after '\"'"),
        (b"a,b\n" + b"1" * 200_000 + b",2\n", "t.csv: row 2: field larger than field limit"),
        (b"\xff\xfea\x00,\x00b\x00\n\x00\x00\xd8", "t.csv: row "),
    ],
)
def test_a_broken_table_is_told_by_its_row(content: bytes, said: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        read(content)

    assert str(caught.value).startswith(said)


def test_a_table_larger_than_any_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_BYTES", 20)
    monkeypatch.setattr(tables, "MOST_ROWS", 3)

    with pytest.raises(InvalidInputError, match="larger than"):
        read(b"a" * 21)
    with pytest.raises(InvalidInputError, match="more than 3 rows"):
        read(b"a\n1\n2\n3\n")
    assert len(read(b"a\n1\n2\n")) == 2


def test_no_cell_that_is_written_is_a_formula_and_numbers_stay_numbers() -> None:
    rows = [["=1+1", "+a", "-a", "@a", "\t=a", "\ra"], [-1.5, -2, 1e-9, "a=b", "a-b", None]]

    text = write_csv(["arm", "=head", "c", "d", "e", "f"], rows)

    read_back = list(csv.reader(StringIO(text, newline="")))
    assert read_back[0][:2] == ["arm", "'=head"]
    assert read_back[1] == ["'=1+1", "'+a", "'-a", "'@a", r"\t=a", r"\ra"]
    assert read_back[2] == ["-1.5", "-2", "1e-09", "a=b", "a-b", ""]


@given(
    st.lists(st.sampled_from([b"a", b"\n", b"\r", b",", b";", b'"', b"\0", b"\xff", b"\xfe", b" "]))
)
def test_whatever_the_bytes_a_table_is_read_or_refused_in_one_line(pieces: list[bytes]) -> None:
    rows, said = [], "t.csv: "
    try:
        rows = read(b"".join(pieces))
    except InvalidInputError as error:
        said = str(error)

    assert said.startswith("t.csv: ")
    assert said.isprintable()
    assert all(number > 1 for number, _ in rows)
