"""A source that keeps to a cohort."""

from __future__ import annotations

import pytest

from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.datasets.chosen_studies import ChosenStudies
from gliobench.application.evaluate.targeted_studies import TargetedStudies
from gliobench.domain.errors import NotFoundError
from gliobench.domain.studies.grading_target import GradingTarget
from gliobench.domain.studies.study import Grade

ALL = FakeStudySource([fake_case(one) for one in "abc"])


def test_only_what_was_chosen_is_there() -> None:
    chosen = ChosenStudies(ALL, ["c", "a"])

    assert chosen.study_ids() == ["a", "c"]
    assert chosen.content_hash("a") == ALL.content_hash("a")
    for ask in (chosen.study, chosen.reference, chosen.content_hash, chosen.notes):
        with pytest.raises(NotFoundError, match="study b is not in the cohort"):
            ask("b")


def test_a_cohort_of_another_dataset_is_refused() -> None:
    with pytest.raises(NotFoundError, match="study x of the cohort is not in the dataset"):
        ChosenStudies(ALL, ["a", "x"])


def test_chosen_studies_are_graded_for_the_target_of_all() -> None:
    target = GradingTarget("IDH", "IDH mutant", "IDH wildtype")
    targeted = TargetedStudies(ALL, target, {"a": Grade.HGG, "b": Grade.LGG})

    assert ChosenStudies(targeted, ["a"]).target == target
