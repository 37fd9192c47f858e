from __future__ import annotations

from dataclasses import replace

import pytest

from gliobench.application.train.learn_regions import CHOSEN, RegionTumour, learn_regions
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.region_measures import RegionMeasures
from gliobench.domain.studies.study import Grade

RINGED = RegionMeasures(wt_ml=60.0, tc_ml=30.0, et_ml=12.0, rim=0.9, enclosed=0.5)
PLAIN = RegionMeasures(wt_ml=60.0, tc_ml=30.0, et_ml=0.0, rim=0.0, enclosed=0.0)


def tumours(ringed: int = 4, plain: int = 2) -> list[RegionTumour]:
    return [
        *(RegionTumour(f"h{n}", Grade.HGG, RINGED) for n in range(ringed)),
        *(RegionTumour(f"l{n}", Grade.LGG, PLAIN) for n in range(plain)),
    ]


def odds(grader_of: list[RegionTumour], measures: RegionMeasures, **options: object) -> float:
    return sum(learn_regions(grader_of, **options).log_odds(measures).values())


def test_a_grader_learns_what_distinguishes_the_grades() -> None:
    assert odds(tumours(), RINGED) > 1
    assert odds(tumours(), PLAIN) < -1


def test_a_rare_grade_weighs_as_much_as_a_common_one() -> None:
    many = tumours(ringed=40, plain=2)

    assert odds(many, RINGED) == pytest.approx(-odds(many, PLAIN), abs=1e-4)


def test_the_default_features_are_those_chosen_and_others_can_be_asked_for() -> None:
    assert [term.feature for term in learn_regions(tumours()).terms] == list(CHOSEN)
    (term,) = learn_regions(tumours(), features=["et_ml"]).terms
    assert term.feature == "et_ml"
    with pytest.raises(InvalidInputError, match="'colour': wanted some of wt_ml"):
        learn_regions(tumours(), features=["colour"])


def test_a_feature_that_is_the_same_in_all_tumours_says_nothing() -> None:
    grader = learn_regions(tumours(), features=["wt_ml", "rim"])

    assert grader.log_odds(replace(RINGED, wt_ml=500.0))["wt_ml"] == 0.0


def test_predicted_masks_are_learned_from_in_place_of_the_references() -> None:
    missed = [
        replace(tumour, segmented=True, predicted=PLAIN if tumour.grade is Grade.HGG else RINGED)
        for tumour in tumours()
    ]

    assert odds(missed, RINGED) < -1


def test_a_tumour_that_was_not_found_is_left_out() -> None:
    lost = replace(tumours()[0], patient_id="lost", segmented=True, predicted=None)

    assert learn_regions([*tumours(), lost]) == learn_regions(tumours())


def test_errors_of_the_localizer_make_the_grader_less_sure() -> None:
    segmented = [
        RegionTumour("h8", Grade.HGG, RINGED, predicted=replace(RINGED, rim=0.3), segmented=True),
        RegionTumour("l8", Grade.LGG, PLAIN, predicted=replace(RINGED, rim=0.6), segmented=True),
    ]
    known = [*tumours(), *segmented]

    assert odds(known, RINGED) < odds(known, RINGED, errors=False) - 0.5


@pytest.mark.parametrize(("ringed", "plain"), [(0, 0), (3, 0), (0, 3)])
def test_without_both_grades_there_is_nothing_to_learn(ringed: int, plain: int) -> None:
    with pytest.raises(InvalidInputError, match="both grades"):
        learn_regions(tumours(ringed, plain))
