import json

import pytest

from gliobench.adapters.json import read_cohort
from gliobench.application.datasets.frozen_cohort import freeze
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.studies.cohort import Cohort, Member
from gliobench.domain.studies.study import Grade

COHORT = Cohort(
    name="brats",
    fingerprint="f",
    members=(Member("a", "anna", Grade.LGG, "TMC"), Member("b", "ben")),
    parts={"train": ("a",), "test": ("b",)},
    seed=3,
    exclusions={"c": "truncated"},
)


def test_a_frozen_cohort_is_read_as_it_was() -> None:
    assert read_cohort(freeze(COHORT).encode(), file="c.json") == COHORT


def test_indentation_and_the_order_of_keys_do_not_matter() -> None:
    assert (
        read_cohort(json.dumps(json.loads(freeze(COHORT)), sort_keys=True).encode(), file="c.json")
        == COHORT
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [('"LGG"', '"HGG"'), ('"seed": 3', '"seed": 4'), ('"TMC"', '"CBICA"'), ("truncated", "fine")],
)
def test_a_cohort_that_was_changed_is_refused(old: str, new: str) -> None:
    with pytest.raises(InvalidInputError, match="was changed after it was frozen"):
        read_cohort(freeze(COHORT).replace(old, new).encode(), file="c.json")


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"sha256": 1}', '{"sha256": 1, "members": 2}']
)
def test_what_is_no_cohort_is_told_in_one_line(text: str) -> None:
    with pytest.raises(InvalidInputError, match=r"^c\.json is not a frozen cohort: [^\n]+$"):
        read_cohort(text.encode(), file="c.json")
