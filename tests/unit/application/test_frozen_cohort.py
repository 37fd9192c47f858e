import json

from gliobench.application.datasets.frozen_cohort import cohort_hash, freeze
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


def test_the_text_ends_in_the_hash_of_the_cohort() -> None:
    assert json.loads(freeze(COHORT))["sha256"] == cohort_hash(COHORT)
