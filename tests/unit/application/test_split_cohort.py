from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.datasets.split_cohort import (
    draw_cohort,
    exact_shares,
    split_by_fractions,
    split_into_folds,
)
from gliobench.domain.errors import InvalidInputError, StoreError
from gliobench.domain.studies.cohort import Cohort, Member
from gliobench.domain.studies.study import Grade

THREE_PARTS = {"train": 0.7, "validation": 0.1, "test": 0.2}
# BraTS 2020: patients by grade and site, HGG first.
BRATS_2020 = {
    "CBICA": (129, 0),
    "TCIA01": (22, 0),
    "TCIA02": (34, 0),
    "TCIA09": (0, 11),
    "TCIA10": (0, 35),
    "2013": (20, 10),
    "TMC": (8, 1),
    "BraTS20-new": (34, 0),
}


def _cohort(patients: dict[str, tuple[int, int]], *, visits: int = 1) -> Cohort:
    members = [
        Member(f"{site}-{grade.value}-{n}-{visit}", f"{site}-{grade.value}-{n}", grade, site)
        for site, counts in patients.items()
        for grade, count in zip((Grade.HGG, Grade.LGG), counts, strict=True)
        for n in range(count)
        for visit in range(visits)
    ]
    return Cohort(name="c", fingerprint="f", members=tuple(members))


strata = st.dictionaries(
    st.sampled_from(list(BRATS_2020)), st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1
)


@given(patients=strata, seed=st.integers(0, 5))
def test_each_part_gets_its_share_of_every_stratum_within_one_patient(
    patients: dict[str, tuple[int, int]], seed: int
) -> None:
    cohort = _cohort({**patients, "CBICA": (20, 20)})

    split = split_by_fractions(cohort, fractions=THREE_PARTS, seed=seed)

    sizes = Counter(member.stratum for member in split.members)
    for name, fraction in THREE_PARTS.items():
        got = Counter(member.stratum for member in split.part(name))
        assert all(abs(got[stratum] - fraction * n) < 1 for stratum, n in sizes.items())


@given(patients=strata, seed=st.integers(0, 5), folds=st.integers(2, 5))
def test_folds_differ_by_at_most_one_patient_of_any_stratum(
    patients: dict[str, tuple[int, int]], seed: int, folds: int
) -> None:
    split = split_into_folds(_cohort({**patients, "CBICA": (9, 9)}), folds=folds, seed=seed)

    for stratum in {member.stratum for member in split.members}:
        sizes = [
            sum(member.stratum == stratum for member in split.part(name)) for name in split.parts
        ]
        assert max(sizes) - min(sizes) <= 1


def test_the_parts_of_brats_2020_have_the_sizes_asked_for_within_one_patient() -> None:
    split = split_by_fractions(_cohort(BRATS_2020), fractions=THREE_PARTS, seed=0)

    sizes = {name: len(part) for name, part in split.parts.items()}
    assert sizes == pytest.approx({"train": 212.8, "validation": 30.4, "test": 60.8}, abs=1)


@pytest.mark.parametrize("seed", range(3))
def test_visits_of_one_patient_never_part(seed: int) -> None:
    cohort = _cohort({"TMC": (7, 5)}, visits=3)

    for split in (
        split_into_folds(cohort, folds=3, seed=seed),
        split_by_fractions(cohort, fractions={"train": 0.5, "test": 0.5}, seed=seed),
    ):
        homes = Counter(
            patient
            for name in split.parts
            for patient in {member.patient_id for member in split.part(name)}
        )
        assert set(homes.values()) == {1}


def test_the_same_seed_draws_the_same_split_and_another_one_another() -> None:
    cohort = _cohort(BRATS_2020)

    again = [split_by_fractions(cohort, fractions=THREE_PARTS, seed=seed) for seed in (0, 0, 1)]

    assert again[0] == again[1]
    assert again[0].parts != again[2].parts


@pytest.mark.parametrize(
    ("fractions", "told"),
    [
        ({"train": 1.0}, "two or more"),
        ({"train": 0.0, "test": 1.0}, "between 0 and 1"),
        ({"train": 1.5, "test": -0.5}, "between 0 and 1"),
        ({"train": 0.7, "test": 0.2}, "add up to 0.9"),
        ({"train": float("nan"), "test": 0.2}, "between 0 and 1"),
    ],
)
def test_fractions_that_cannot_be_are_refused(fractions: dict[str, float], told: str) -> None:
    with pytest.raises(InvalidInputError, match=told):
        exact_shares(fractions)


def test_too_few_patients_for_the_parts_are_told() -> None:
    with pytest.raises(InvalidInputError, match="part validation would be empty"):
        split_by_fractions(_cohort({"TMC": (3, 0)}), fractions=THREE_PARTS, seed=0)


def test_a_cohort_leaves_out_what_cannot_be_read_and_what_it_is_told_to() -> None:
    source = FakeStudySource(
        [fake_case("a", site="TMC"), fake_case("b")],
        unreadable={"c": InvalidInputError("truncated")},
    )

    cohort = draw_cohort(source, name="mine", exclude={"b": "blurred", "stranger": "unknown"})

    assert cohort.members == (Member("a", "a", Grade.HGG, "TMC"),)
    assert cohort.exclusions == {"b": "blurred", "c": "truncated"}
    assert cohort.assumptions == ("1 to exclude, no study of this dataset: stranger",)


def test_no_cohort_is_drawn_from_a_store_that_cannot_be_read() -> None:
    source = FakeStudySource([fake_case("a")], unreadable={"b": StoreError("connection reset")})

    with pytest.raises(StoreError, match="connection reset"):
        draw_cohort(source, name="mine")


def test_another_image_gives_another_fingerprint() -> None:
    one, other = fake_case("a"), fake_case("a", shape=(13, 14, 10))

    first = draw_cohort(FakeStudySource([one]), name="c").fingerprint

    assert draw_cohort(FakeStudySource([other]), name="c").fingerprint != first


def test_one_image_under_two_names_stays_on_one_side_and_that_is_said() -> None:
    original = fake_case("original")
    copy = replace(fake_case("copy"), study=replace(original.study, id="copy", patient_id="copy"))
    others = [fake_case(name) for name in ("anna", "ben", "carl")]

    cohort = draw_cohort(FakeStudySource([original, copy, *others]), name="c")

    assert {one.patient_id for one in cohort.members} == {"copy", "anna", "ben", "carl"}
    assert cohort.assumptions == (
        "2 studies hold images that others hold too (such as copy and original) and stay on one "
        "side of the split",
    )
    for seed in range(5):
        split = split_into_folds(cohort, folds=2, seed=seed)
        assert any({"copy", "original"} <= set(part) for part in split.parts.values())


def test_a_cohort_says_what_it_assumed_of_names() -> None:
    cases = [fake_case(one) for one in ("Case_01", "Case_02")]

    (said,) = draw_cohort(FakeStudySource(cases), name="c").assumptions

    assert "(such as Case_01 and Case_02) are taken for different patients" in said
