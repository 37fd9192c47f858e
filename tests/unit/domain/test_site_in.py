import pytest

from gliobench.domain.files.tables import Row
from gliobench.domain.studies.subjects import patient_in, site_in


def test_a_site_is_fit_to_be_shown_and_kept() -> None:
    assert site_in(Row("t.csv", 2, {"site": "M\udcfcnchen\x1b"})) == "M\\xfcnchen\\x1b"


def test_a_site_that_is_not_told_is_none() -> None:
    assert site_in(Row("t.csv", 2, {})) is None


@pytest.mark.parametrize(
    ("cells", "patient"),
    [
        ({"studyid": "scan1", "subjectid": "P1"}, "P1"),
        ({"studyid": "scan1", "patientid": "P1", "subject": "S9"}, "P1"),
        ({"studyid": "P1_visit1", "subjectid": "P1_visit1"}, None),
        ({"subjectid": "P1"}, None),
    ],
)
def test_a_subject_beside_a_study_is_its_patient(
    cells: dict[str, str], patient: str | None
) -> None:
    assert patient_in(Row("t.csv", 2, cells)) == patient
