from __future__ import annotations

import pytest

from gliobench.domain.comparison.worded import worded
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.metrics.measures import SENSITIVITY
from gliobench.domain.statistics.estimate import Estimate, NotEstimable
from gliobench.domain.studies.grading_target import (
    GRADE,
    GRADED,
    GRADED_TITLE,
    NEGATIVE,
    POSITIVE,
    POSITIVE_KEY,
    POSITIVE_SHORT,
    GradingTarget,
)

IDH = GradingTarget("IDH status", "IDH mutant", "IDH wildtype", "mutant", "wildtype")


def test_placeholders_become_the_names_of_the_classes() -> None:
    text = f"{GRADED_TITLE}: {POSITIVE} or {NEGATIVE}, P({POSITIVE_SHORT}), f1_{POSITIVE_KEY}, {GRADED}"

    assert GRADE.in_words(text) == "Grade: HGG or LGG, P(HGG), f1_hgg, grade"
    assert IDH.in_words(text) == (
        "IDH status: IDH mutant or IDH wildtype, P(mutant), f1_positive, IDH status"
    )


def test_a_value_of_a_column_that_is_called_hgg_stays() -> None:
    assert IDH.in_words("subgroup HGG") == "subgroup HGG"


def test_texts_deep_in_a_value_are_worded_and_the_rest_is_the_same() -> None:
    estimate = Estimate(0.5, NotEstimable(f"no {NEGATIVE}"), 3)
    value = {POSITIVE: (estimate, SENSITIVITY), "all": (1, None)}

    found = worded(value, IDH)

    assert found == {
        "IDH mutant": (Estimate(0.5, NotEstimable("no IDH wildtype"), 3), SENSITIVITY),
        "all": (1, None),
    }
    assert found["IDH mutant"][1] is SENSITIVITY


def test_targets_of_one_name_and_classes_are_equal_whatever_their_table() -> None:
    one, other = (GradingTarget("IDH", "mutant", "wildtype", source=name) for name in "ab")

    assert one == other
    assert not one.is_grade


@pytest.mark.parametrize("names", [("", "a", "b"), ("x", "a", "a"), ("x", "a", "b" * 41)])
def test_classes_have_different_names_of_a_length_that_can_be_shown(
    names: tuple[str, str, str],
) -> None:
    with pytest.raises(InvalidInputError, match="wanted different names"):
        GradingTarget(*names)
