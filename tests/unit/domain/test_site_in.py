from gliobench.domain.files.tables import Row
from gliobench.domain.studies.subjects import site_in


def test_a_site_is_fit_to_be_shown_and_kept() -> None:
    assert site_in(Row("t.csv", 2, {"site": "M\udcfcnchen\x1b"})) == "M\\xfcnchen\\x1b"


def test_a_site_that_is_not_told_is_none() -> None:
    assert site_in(Row("t.csv", 2, {})) is None
