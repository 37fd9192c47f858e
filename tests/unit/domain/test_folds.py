from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.folds import assign_folds, folds_by_site

cohorts = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=4),
    st.sampled_from(["TMC×HGG", "TMC×LGG", "2013×HGG"]),
    min_size=5,
    max_size=60,
)
fold_counts = st.integers(2, 5)
seeds = st.integers(0, 9)


def sizes_by_stratum(strata: dict[str, str], dealt: dict[str, int], folds: int) -> list[list[int]]:
    counts = Counter((strata[patient], fold) for patient, fold in dealt.items())
    return [[counts[name, fold] for fold in range(folds)] for name in set(strata.values())]


@given(strata=cohorts, folds=fold_counts, seed=seeds)
def test_every_patient_is_dealt_once_and_each_stratum_as_evenly_as_it_goes(
    strata: dict[str, str], folds: int, seed: int
) -> None:
    dealt = assign_folds(strata, folds=folds, seed=seed)

    assert set(dealt) == set(strata)
    for counts in sizes_by_stratum(strata, dealt, folds):
        assert max(counts) - min(counts) <= 1


@given(strata=cohorts, folds=fold_counts)
def test_no_fold_is_empty(strata: dict[str, str], folds: int) -> None:
    assert set(assign_folds(strata, folds=folds, seed=0).values()) == set(range(folds))


@given(strata=cohorts, folds=fold_counts, seed=seeds)
def test_the_order_in_which_patients_are_named_does_not_matter(
    strata: dict[str, str], folds: int, seed: int
) -> None:
    backwards = dict(reversed(strata.items()))

    assert assign_folds(backwards, folds=folds, seed=seed) == assign_folds(
        strata, folds=folds, seed=seed
    )


@given(strata=cohorts, folds=fold_counts, data=st.data())
def test_folds_that_are_settled_are_kept(
    strata: dict[str, str], folds: int, data: st.DataObject
) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(strata))))
    settled = {patient: data.draw(st.integers(0, folds - 1)) for patient in sorted(some)}

    dealt = assign_folds(strata, folds=folds, seed=0, settled={**settled, "a stranger": 0})

    assert settled.items() <= dealt.items()
    assert set(dealt) == set(strata)


def test_patients_join_the_folds_that_have_fewest_of_their_stratum() -> None:
    strata = dict.fromkeys("abcd", "TMC×HGG")

    dealt = assign_folds(strata, folds=2, seed=0, settled={"a": 1, "b": 1})

    assert dealt == {"a": 1, "b": 1, "c": 0, "d": 0}


def test_another_seed_deals_otherwise() -> None:
    strata = {f"p{n}": "TMC×HGG" for n in range(30)}

    assert assign_folds(strata, folds=3, seed=0) != assign_folds(strata, folds=3, seed=1)


@pytest.mark.parametrize("folds", [0, 1, 4])
def test_there_are_two_folds_at_least_and_none_without_a_patient(folds: int) -> None:
    with pytest.raises(InvalidInputError, match=f"{folds} folds of 3 patients: wanted 2 to"):
        assign_folds(dict.fromkeys("abc", "x"), folds=folds, seed=0)


@pytest.mark.parametrize("fold", [-1, 2, 4])
def test_a_settled_fold_that_there_is_not_is_refused(fold: int) -> None:
    with pytest.raises(InvalidInputError, match=f"b is settled in fold {fold}: wanted 0 to 1"):
        assign_folds(dict.fromkeys("abc", "x"), folds=2, seed=0, settled={"a": 1, "b": fold})


def test_a_stratum_is_spread_even_where_the_folds_are_of_unlike_size() -> None:
    strata = {**dict.fromkeys("abcd", "TMC×HGG"), **dict.fromkeys("ef", "TMC×LGG")}

    dealt = assign_folds(strata, folds=2, seed=0, settled=dict.fromkeys("abcd", 0))

    assert {dealt["e"], dealt["f"]} == {0, 1}


def test_by_site_every_site_is_a_fold_of_its_own_whatever_the_grade() -> None:
    strata = {"c": "TMC×LGG", "a": "TMC×HGG", "b": "2013×HGG", "d": "None×HGG"}

    assert folds_by_site(strata) == {"a": 2, "b": 0, "c": 2, "d": 1}


def test_one_site_alone_cannot_be_left_out() -> None:
    with pytest.raises(InvalidInputError, match="one site only, TMC: leave patients out"):
        folds_by_site({"a": "TMC×LGG", "b": "TMC×HGG"})
