import json

import pytest

from gliobench.application.freeze_cohort import cohort_hash, freeze, thaw
from gliobench.domain.cohort import Cohort, Member
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.study import Grade

COHORT = Cohort(
    name="brats",
    fingerprint="f",
    members=(Member("a", "anna", Grade.LGG, "TMC"), Member("b", "ben")),
    parts={"train": ("a",), "test": ("b",)},
    seed=3,
    exclusions={"c": "truncated"},
)


def test_a_frozen_cohort_thaws_as_it_was() -> None:
    assert thaw(freeze(COHORT)) == COHORT


def test_the_text_ends_in_the_hash_of_the_cohort() -> None:
    assert json.loads(freeze(COHORT))["sha256"] == cohort_hash(COHORT)


def test_indentation_and_the_order_of_keys_do_not_matter() -> None:
    assert thaw(json.dumps(json.loads(freeze(COHORT)), sort_keys=True)) == COHORT


@pytest.mark.parametrize(
    ("old", "new"),
    [('"LGG"', '"HGG"'), ('"seed": 3', '"seed": 4'), ('"TMC"', '"CBICA"'), ("truncated", "fine")],
)
def test_a_cohort_that_was_changed_is_refused(old: str, new: str) -> None:
    with pytest.raises(InvalidInputError, match="was changed after it was frozen"):
        thaw(freeze(COHORT).replace(old, new))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"sha256": 1}', '{"sha256": 1, "members": 2}']
)
def test_what_is_no_cohort_is_told_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInputError, match="not a frozen cohort"):
        thaw(text)
