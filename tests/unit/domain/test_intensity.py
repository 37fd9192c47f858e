from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.networks.intensity import PLAIN_RULE, ROBUST_RULE, IntensityRule

RNG = np.random.default_rng(0)
VOLUME = np.where(RNG.random((12, 12, 12)) < 0.5, RNG.normal(500, 80, (12, 12, 12)), 0)


def z_scores(volume: np.ndarray) -> np.ndarray:
    return IntensityRule.of(volume).apply(volume)


def test_scores_are_deviations_from_the_mean_of_the_brain() -> None:
    rule = IntensityRule(low=0.0, high=100.0, mean=40.0, deviation=20.0)

    scores = rule.apply(np.array([10.0, 40.0, 60.0, 200.0]))

    np.testing.assert_allclose(scores, [-1.5, 0.0, 1.0, 3.0])
    assert scores.dtype == np.float32


def test_background_does_not_count_and_stays_zero() -> None:
    rule = IntensityRule.of(np.array([0.0] * 50 + [10.0, 30.0]))

    assert rule.mean == pytest.approx(20.0)
    assert rule.deviation == pytest.approx(10.0, rel=0.01)
    assert rule.apply(np.array([0.0, 20.0])).tolist() == [0.0, 0.0]


@given(gain=st.floats(0.01, 1000), offset=st.floats(0, 5000))
def test_a_scanner_s_gain_and_offset_do_not_matter(gain: float, offset: float) -> None:
    other = np.where(VOLUME != 0, gain * VOLUME + offset, 0)

    np.testing.assert_allclose(z_scores(other), z_scores(VOLUME), atol=1e-3)


def test_spikes_hardly_move_the_scores_of_the_brain() -> None:
    brain = RNG.normal(500, 80, 20_000)
    spiked = brain.copy()
    spiked[:5] = 32767

    before, after = z_scores(brain), z_scores(spiked)

    assert np.abs(before[5:] - after[5:]).max() < 0.2
    assert after.max() < 5


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        (np.zeros((3, 3, 3)), "zero everywhere"),
        (np.full((3, 3, 3), 7.0), r"7\.0 wherever it is not zero"),
    ],
    ids=["empty", "constant"],
)
def test_a_volume_without_contrast_cannot_be_measured(volume: np.ndarray, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        IntensityRule.of(volume)


def test_integers_are_measured_as_the_numbers_that_they_are() -> None:
    whole = VOLUME.astype(np.int16)

    np.testing.assert_allclose(z_scores(whole), z_scores(whole.astype(np.float64)), atol=1e-6)


def test_the_robust_rule_clips_at_ranges_about_the_median() -> None:
    brain = np.array([*range(1, 101), *[10_000.0] * 2])  # median 51.5, quartiles 26.25 and 76.75

    rule = IntensityRule.of(brain, ROBUST_RULE)

    assert rule.high == pytest.approx(51.5 + 8 * 50.5)
    within = np.clip(brain, rule.low, 51.5 + 4 * 50.5)
    assert rule.mean == pytest.approx(within.mean())
    assert rule.deviation == pytest.approx(within.std())


def test_a_bright_spot_of_a_hundredth_breaks_the_plain_rule_and_not_the_robust_one() -> None:
    brain = np.random.default_rng(1).normal(500, 80, 20_000)
    spotted = brain.copy()
    spotted[:200] = 20_000

    moved = {
        rule: np.abs(
            IntensityRule.of(spotted, rule).apply(spotted)[200:]
            - IntensityRule.of(brain, rule).apply(brain)[200:]
        ).max()
        for rule in (PLAIN_RULE, ROBUST_RULE)
    }

    assert moved[PLAIN_RULE] > 2
    assert moved[ROBUST_RULE] < 1.2


def test_both_rules_agree_on_a_brain_without_outliers() -> None:
    brain = RNG.normal(500, 80, 20_000)

    plain, robust = (
        IntensityRule.of(brain, rule).apply(brain) for rule in (PLAIN_RULE, ROBUST_RULE)
    )

    np.testing.assert_allclose(robust, plain, atol=1e-5)


def test_a_brain_of_which_half_is_of_one_value_is_measured_as_by_the_plain_rule() -> None:
    brain = np.array([7.0] * 60 + [9.0] * 20)

    assert IntensityRule.of(brain, ROBUST_RULE) == IntensityRule.of(brain, PLAIN_RULE)
