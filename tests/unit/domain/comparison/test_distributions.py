"""How scores of single studies are spread, on cases where that is known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_case_score import fake_case_score, fake_target
from fakes.fake_comparison import REFUSAL, compared, looks, reading
from fakes.form_scores import mask_score, region_score
from gliobench.domain.comparison.distributions import SHOWN, Distribution, distributions
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.scores import CaseScore, FormOutcome
from gliobench.domain.labels.regions import Region
from gliobench.domain.metrics.measures import WORST_MM
from gliobench.domain.predictions.prediction import Form


def points_off(distances: list[float | None]) -> list[CaseScore]:
    """Point so many millimetres beside the tumour, or decline."""
    return [
        reading(n, hgg=n % 4 != 0, says=True, points=REFUSAL if mm is None else (0.0, mm))
        for n, mm in enumerate(distances)
    ]


def errors(comparison: Report, name: str) -> Distribution:
    (arm,) = (arm for arm in comparison.arms if arm.name == name)
    (found,) = arm.distributions
    assert found.endpoint.name == "point.error_mm"
    return found


def test_four_answers_give_their_quartiles_and_all_their_errors() -> None:
    comparison = compared(one=points_off([4.0, 1.0, 3.0, 2.0]), other=looks(4))

    found = errors(comparison, "one")

    assert (found.n, found.n_failed) == (4, 0)
    assert found.values == (1.0, 2.0, 3.0, 4.0)
    assert found.quartiles == pytest.approx((1.75, 2.5, 3.25))


def test_a_failure_counts_as_the_worst_answer_and_is_no_value() -> None:
    comparison = compared(one=points_off([1.0, None, None]), other=looks(3))

    found = errors(comparison, "one")

    assert (found.n, found.n_failed) == (3, 2)
    assert found.values == (1.0,)
    assert found.quartiles[1] == WORST_MM


def test_who_never_answers_has_no_values() -> None:
    found = errors(compared(one=points_off([None, None]), other=looks(2)), "one")

    assert found.values == ()
    assert found.n == found.n_failed == 2


def test_of_many_scores_an_even_choice_is_kept() -> None:
    distances = [float(n) for n in range(2 * SHOWN)]

    (found,) = distributions(points_off(list(distances)))

    assert len(found.values) == SHOWN
    assert (found.values[0], found.n) == (0.0, 2 * SHOWN)
    assert list(found.values) == sorted(set(found.values))


def masked(*dices: tuple[float, float], found: bool | None = True) -> list[CaseScore]:
    """Score masks by the Dice of WT and of ET; 0 means that the answer lacks the region."""
    parts = [
        {
            region: region_score(dice, dice, 4.0 if dice else WORST_MM, dice, 0.0)
            for region, dice in zip((Region.WT, Region.ET), pair, strict=True)
        }
        for pair in dices
    ]
    return [
        replace(
            fake_case_score(f"s{n}", target=fake_target()),
            localisation={Form.MASK: FormOutcome(mask_score(part))},
            found_tumour=found,
        )
        for n, part in enumerate(parts)
    ]


def test_masks_are_spread_out_by_region_and_regions_without_scores_are_left_out() -> None:
    found = {(one.endpoint.name, one.region): one for one in distributions(masked((0.9, 0.5)))}

    assert {name: one.values for name, one in found.items()} == {
        ("mask.dice", Region.WT): (0.9,),
        ("mask.dice", Region.ET): (0.5,),
        ("mask.hd95_mm", Region.WT): (4.0,),
        ("mask.hd95_mm", Region.ET): (4.0,),
    }


def test_a_missed_region_has_a_dice_of_0_and_no_distance() -> None:
    cases = masked((0.9, 0.0), (0.8, 0.6))

    _, dice, _, distance = distributions(cases)

    assert (dice.region, dice.values, dice.n_not_found) == (Region.ET, (0.0, 0.6), 0)
    assert (distance.values, distance.n_not_found, distance.n) == ((4.0,), 1, 2)


def test_an_answer_of_no_tumour_is_missed_where_there_is_one_and_right_where_there_is_none() -> (
    None
):
    wrong, _, _, _ = distributions(masked((0.0, 0.0), found=False))
    right, _, _, _ = distributions(masked((1.0, 1.0), found=False))

    assert (wrong.values, wrong.n_not_found) == ((), 1)
    assert (right.values, right.n_not_found) == ((1.0,), 0)
