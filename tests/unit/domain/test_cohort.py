import pytest

from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.studies.cohort import Cohort, Member, one_patient_each
from gliobench.domain.studies.study import Grade

ANNA = Member("a-1", "anna", Grade.HGG, "CBICA")
ANNA_AGAIN = Member("a-2", "anna", Grade.HGG, "CBICA")
BEN = Member("b", "ben")


def _cohort(**changes: object) -> Cohort:
    fields = {"name": "c", "fingerprint": "f", "members": (ANNA, ANNA_AGAIN, BEN), **changes}
    return Cohort(**fields)


def test_a_part_gives_its_members() -> None:
    cohort = _cohort(parts={"train": ("a-1", "a-2"), "test": ("b",)})

    assert cohort.part("train") == [ANNA, ANNA_AGAIN]


def test_a_part_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match="no part 'test': it has none"):
        _cohort().part("test")


def test_a_study_that_is_there_twice_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="a-1 is in the cohort twice"):
        _cohort(members=(ANNA, ANNA))


def test_a_patient_in_two_parts_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="patient anna is in train and test"):
        _cohort(parts={"train": ("a-1",), "test": ("a-2", "b")})


def test_a_study_in_two_parts_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="b is in the split twice"):
        _cohort(parts={"train": ("a-1", "a-2", "b"), "test": ("b",)})


@pytest.mark.parametrize("placed", [("a-1", "a-2"), ("a-1", "a-2", "b", "stranger")])
def test_a_split_holds_all_members_and_nobody_else(placed: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError, match="not both a member and in the split"):
        _cohort(parts={"train": placed})


def test_a_member_cannot_be_excluded() -> None:
    with pytest.raises(InvalidInputError, match="b is a member and excluded"):
        _cohort(exclusions={"b": "blurred"})


def test_an_unknown_grade_or_site_is_a_stratum_of_its_own() -> None:
    assert ANNA.stratum == "HGG/CBICA"
    assert BEN.stratum == "unknown/unknown"


def test_visits_that_their_names_tell_are_one_patients_whatever_a_member_says() -> None:
    visits = [Member(f"UPENN-GBM-00940_{one}", f"UPENN-GBM-00940_{one}") for one in ("11", "21")]
    parts = {"train": (visits[0].study_id,), "test": (visits[1].study_id,)}

    with pytest.raises(InvalidInputError, match="patient UPENN-GBM-00940 is in train and test"):
        _cohort(members=tuple(visits), parts=parts)


def test_patients_tied_by_an_image_or_a_name_become_one() -> None:
    members = [
        Member("a-1", "anna"),
        Member("b-1", "ben"),
        Member("b-2", "ben"),
        Member("c-1", "carl"),
        Member("UPENN-GBM-00940_11", "dora"),
        Member("UPENN-GBM-00940_21", "emil"),
        Member("f-1", "fay"),
    ]
    images = {"a-1": "1", "b-1": "2", "b-2": "3", "c-1": "2", "f-1": "4"}

    together = one_patient_each(members, images)

    assert [one.patient_id for one in together] == [
        *("anna", "ben", "ben", "ben", "dora", "dora", "fay")
    ]


def test_ties_reach_across_patients() -> None:
    members = [Member("a-1", "anna"), Member("b-1", "ben"), Member("a-2", "anna"), Member("c", "c")]

    together = one_patient_each(members, {"a-2": "1", "b-1": "1", "a-1": "2", "c": "2"})

    assert {one.patient_id for one in together} == {"anna"}
