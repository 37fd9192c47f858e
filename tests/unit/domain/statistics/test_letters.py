"""Two share a letter exactly where they are not significantly different."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.statistics.letters import compact_letters


def pairs(*names: str) -> set[frozenset[str]]:
    return {frozenset(pair) for pair in names}


def test_where_nothing_differs_all_share_one_letter() -> None:
    assert compact_letters(["x", "y"], set()) == {"x": "a", "y": "a"}


def test_the_first_has_the_first_letter_and_one_in_between_has_both() -> None:
    # the best differs from the worst only
    assert compact_letters(["x", "y", "z"], pairs("xz")) == {"x": "a", "y": "ab", "z": "b"}


def test_where_all_differ_each_has_its_own_letter() -> None:
    assert compact_letters(["x", "y", "z"], pairs("xy", "xz", "yz")) == {
        "x": "a",
        "y": "b",
        "z": "c",
    }


def test_nobody_has_no_letter() -> None:
    assert compact_letters([], set()) == {}


@given(st.sets(st.sampled_from([frozenset(pair) for pair in combinations("pqrstu", 2)])))
def test_sharing_a_letter_means_not_different(different: set[frozenset[str]]) -> None:
    letters = compact_letters("pqrstu", different)

    for pair in map(frozenset, combinations("pqrstu", 2)):
        one, other = (set(letters[name]) for name in pair)
        assert bool(one & other) == (pair not in different)
