from __future__ import annotations

import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.metadata import MetadataTable
from gliobench.domain.studies.metadata_join import JoinedMetadata, join

STUDIES = ("BraTS20_Training_001", "TCGA-DU-7294", "P7_v1", "P7_v2")
PATIENTS = ("BraTS20_Training_001", "TCGA-DU-7294", "P7", "P7")


def table(text: str) -> MetadataTable:
    return MetadataTable.of_text(text.encode(), place="t.csv")


def joined(text: str, id_column: str | None = None) -> JoinedMetadata:
    return join(table(text), STUDIES, PATIENTS, id_column=id_column)


@pytest.mark.parametrize(
    "heading",
    ["study", "study_id", "id", "ID", "subject", "SubjectID", "Brats20ID", "BraTS21 ID", "case"],
)
def test_the_column_of_studies_is_found_by_its_usual_names(heading: str) -> None:
    found = joined(f"{heading},age\nBraTS20_Training_001,44\nP7_v2,70\n")

    assert found.cells("age") == ["44", None, None, "70"]
    assert not found.by_patient


def test_a_row_of_a_patient_belongs_to_all_studies_of_the_patient() -> None:
    found = joined("patient;sex\nP7;F\n")

    assert found.cells("sex") == [None, None, "F", "F"]
    assert found.by_patient


def test_of_several_ids_of_one_table_the_one_that_names_the_studies_counts() -> None:
    found = joined("ID,BraTS21 ID,age\nUCSF-PDGM-004,BraTS20_Training_001,66\n")

    assert found.id_column == "brats21id"
    assert found.id_columns == {"id", "brats21id"}
    assert found.cells("age")[0] == "66"


def test_numbers_of_a_column_name_no_study_that_is_called_by_a_number() -> None:
    found = join(table("id,sex,copy of\n1,2,2a\n2a,1,1\n"), ["1", "2a"], ["1", "2a"])

    assert found.id_columns == {"id", "copyof"}


def test_cells_of_one_meaning_are_one_value() -> None:
    text = "id,idh,version\nBraTS20_Training_001,1,1.1\nTCGA-DU-7294,1.0,1.10\nP7_v1,TRUE,b\nP7_v2,true,B\n"

    assert joined(text).cells("idh") == ["1", "1", "TRUE", "TRUE"]
    assert joined(text).cells("version") == ["1.1", "1.10", "b", "b"]


def test_names_that_unicode_writes_in_two_ways_are_one_value() -> None:
    found = joined("id,site\nP7_v1,Zu\u0308rich\nP7_v2,Z\u00fcrich\n").cells("site")

    assert found[2:] == ["Zu\u0308rich"] * 2


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("id\tml\na\t950\nb\t1,234\n", "1,234"),
        ('id,ml\na,950\nb,"1,234"\n', "1,234"),
        ("id;ml\na;950,5\nb;1.234\n", "1.234"),
        ("id;ml\na;950,5\nb;1.234.567\n", "1.234.567"),
        ("id;ml\na;0,5\nb;1.234,5\n", "1.234,5"),
        ("id;ml\na;0,950\nb;1,234\n", None),
        ("id;ml\na;950\nb;1.234\n", "1.234"),
        ("id;ml\na;950\nb;1.234\nc;0.5\n", None),
        ("id;ml\na;1950\nb;1.234\n", None),
        ("id,ml\na,950.5\nb,1.234\n", None),
    ],
)
def test_a_separator_of_thousands_is_not_taken_for_a_decimal_one(
    text: str, cell: str | None
) -> None:
    assert table(text).separated("ml") == cell


@pytest.mark.parametrize(
    "cell", ["1 234", "1\u00a0234", "1\u202f234", "1'234", "1’234", "+1 234.0"]
)
def test_thousands_between_spaces_or_apostrophes_are_read(cell: str) -> None:
    assert table("id,ml\n").number(cell) == 1234
    assert table("id,ml\n").number("\u2212" + cell.removeprefix("+")) == -1234


def test_texts_that_differ_in_kinds_of_spaces_and_hyphens_are_one_value() -> None:
    found = joined("id,idh\nP7_v1,wild type\nP7_v2,Wild\u00a0 type\nTCGA-DU-7294,a\u2011b\n").cells(
        "idh"
    )

    assert found == [None, "a\u2011b", "wild type", "wild type"]


def test_a_patient_with_a_single_visit_does_not_make_a_table_of_patients_one_of_studies() -> None:
    found = joined("id,idh\nTCGA-DU-7294,a\nP7,b\nP8,c\n")

    assert found.by_patient
    assert found.cells("idh") == [None, "a", "b", "b"]
    assert found.unmatched == (4,)


@pytest.mark.parametrize("patients", ["patient_id", "Subject"])
def test_visits_of_a_patient_may_differ_where_they_are_named(patients: str) -> None:
    text = f"{patients},study_id,age\nP7,P7_v1,60\nP7,P7_v2,61\n"

    found = joined(text)

    assert found.cells("age") == [None, None, "60", "61"]
    assert not found.by_patient


def test_names_that_lost_their_zeros_are_refused_also_where_others_have_none() -> None:
    text = "".join(f"{number},{number}\n" for number in range(98, 103))

    with pytest.raises(
        InvalidInputError, match="98 is no study, but may be 098: wanted names with"
    ):
        join(table(f"id,age\n{text}"), ("098", "100", "101"), ("098", "100", "101"))
    assert join(table("id,age\n100,1\n,years\n"), ("000", "100"), ("000", "100")).unmatched == (3,)


def test_the_first_visit_may_bear_the_patients_name() -> None:
    table_of_visits = table("patient,study,age\nP7,P7,60\nP7,P7_2,61\n")

    found = join(table_of_visits, ("P7", "P7_2"), ("P7", "P7"))

    assert found.cells("age") == ["60", "61"]


def test_a_row_that_names_no_study_is_counted_by_its_number() -> None:
    assert joined("id,age\nP7_v1,1\nstranger,2\n,3\n").unmatched == (3, 4)


def test_ucsf_patients_are_the_same_with_three_digits_and_with_four() -> None:
    found = join(table("ID,Sex\nUCSF-PDGM-004,M\n"), ["UCSF-PDGM-0004_nifti"], ["UCSF-PDGM-0004"])

    assert found.cells("sex") == ["M"]


def test_participants_of_bids_are_the_same_with_their_prefix_and_without() -> None:
    for name in ("sub-01", "01"):
        found = join(table(f"participant_id,Sex\n{name},M\n"), ["sub-01_ses-1"], ["sub-01"])

        assert found.cells("sex") == ["M"]
        assert found.by_patient


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("name,age\nanna,4\n", "no column names a study such as 'BraTS20_Training_001'"),
        ("id,age\nP7,4\nP7,5\n", "rows 2 and 3 have the same 'id' and differ in 'age'"),
        ("id,case,age\nP7_v1,P7_v2,4\nP7_v2,P7_v1,5\n", "'id' and 'case' both name studies and"),
    ],
)
def test_a_table_that_does_not_fit_is_refused_with_the_remedy(text: str, fault: str) -> None:
    with pytest.raises(InvalidInputError, match=fault):
        joined(text)


def test_a_declared_column_settles_which_one_names_the_studies() -> None:
    text = "id,case,age\nP7_v1,P7_v2,4\nP7_v2,P7_v1,5\n"

    assert joined(text, "Case").cells("age") == [None, None, "5", "4"]


def test_equal_rows_of_one_study_are_one() -> None:
    assert joined("id,age\nP7,4\nP7,4\n").cells("age") == [None, None, "4", "4"]


def test_a_table_in_latin_1_is_refused_and_one_with_a_byte_order_mark_is_read() -> None:
    text = "id,Geschlecht\nP7,männlich\n"

    marked = MetadataTable.of_text(text.encode("utf-8-sig"), place="t.csv")
    assert marked.rows[0].cells["geschlecht"] == "männlich"
    with pytest.raises(InvalidInputError, match="row 2 is not in UTF-8, perhaps in Latin-1"):
        MetadataTable.of_text(text.encode("latin-1"), place="t.csv")


def test_a_spreadsheet_is_to_be_saved_as_csv() -> None:
    with pytest.raises(InvalidInputError, match="t.xlsx is a spreadsheet or an archive: save the"):
        MetadataTable.of_text(b"PK\x03\x04rest", place="t.xlsx")


@pytest.mark.parametrize(
    ("cell", "in_semicolons", "in_commas"),
    [
        ("60.463", 60.463, 60.463),
        ("60,463", 60.463, None),  # English readers take it for sixty thousand
        ("-1e-3", -0.001, -0.001),
        ("0.30000000000000004", 0.30000000000000004, 0.30000000000000004),
        ("1" * 400, None, None),
        ("1.234,5", None, None),
        ("ALIVE (361 days later)", None, None),
        ("nan", None, None),
        ("１２", None, None),
    ],
)
def test_a_decimal_comma_is_read_where_commas_separate_no_cells(
    cell: str, in_semicolons: float | None, in_commas: float | None
) -> None:
    assert table("id;age\n").number(cell) == in_semicolons
    assert table("id,age\n").number(cell) == in_commas
