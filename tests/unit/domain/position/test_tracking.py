"""The tracking index: its fixed points, what leaves it alone, and its mean where nobody looks."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.position.tracking import (
    distances_mm,
    ious,
    lie_in_one_place,
    shuffle_tests,
    tracking_index,
)
from gliobench.domain.statistics.estimate import NotEstimable

PLACES = npst.arrays(np.int64, (12, 2), elements=st.integers(-999, 999)).map(lambda at: at / 8)
SCATTERED = PLACES.filter(lambda places: np.ptp(places, axis=0).min() > 1.0)
SHIFT = st.tuples(st.floats(-500, 500), st.floats(-500, 500)).map(np.array)


def index(predicted: np.ndarray, reference: np.ndarray, weights: np.ndarray | None = None) -> float:
    every = np.ones((1, len(reference))) if weights is None else weights[None]
    return float(tracking_index(predicted=predicted, reference=reference)(every)[0, 0])


def test_the_index_of_three_patients_on_a_line() -> None:
    # own: 1, 0, 2; others: 2+4, 1+1, 2+0.
    predicted = np.array([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]])
    reference = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 0.0]])
    others = (1 + 4) + (2 + 3) + (3 + 1)

    assert index(predicted, reference) == pytest.approx(1 - (3 / 3) / (others / 6))


@given(reference=SCATTERED)
def test_answers_on_their_tumours_score_one(reference: np.ndarray) -> None:
    assert index(reference, reference) == 1.0


@given(
    reference=SCATTERED,
    constant=SHIFT,
    weights=npst.arrays(np.int64, 12, elements=st.integers(0, 4)),
)
def test_a_constant_answer_scores_zero_in_every_drawn_cohort(
    reference: np.ndarray, constant: np.ndarray, weights: np.ndarray
) -> None:
    answers = np.tile(constant, (12, 1))
    drawn = weights + np.eye(1, 12)[0] + np.eye(1, 12, 11)[0]
    assume(not lie_in_one_place(reference[drawn > 0]))

    assert index(answers, reference) == pytest.approx(0.0, abs=1e-9)
    assert index(answers, reference, drawn) == pytest.approx(0.0, abs=1e-9)


def test_answers_on_the_wrong_side_score_below_zero() -> None:
    reference = np.array([[-30.0, 0.0], [30.0, 5.0]] * 10)

    assert index(reference * (-1, 1), reference) < -0.5


@given(predicted=SCATTERED, reference=SCATTERED, shift=SHIFT, turn=st.floats(0, 6.28))
def test_moving_and_turning_everything_leaves_the_index_alone(
    predicted: np.ndarray, reference: np.ndarray, shift: np.ndarray, turn: float
) -> None:
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = index(predicted @ rotation + shift, reference @ rotation + shift)

    assert moved == pytest.approx(index(predicted, reference), abs=1e-8)


@given(predicted=SCATTERED, reference=SCATTERED, scale=st.floats(0.01, 100))
def test_the_index_has_no_unit(predicted: np.ndarray, reference: np.ndarray, scale: float) -> None:
    scaled = index(predicted * scale, reference * scale)

    assert scaled == pytest.approx(index(predicted, reference), abs=1e-8)


@given(predicted=SCATTERED, reference=SCATTERED, order=st.permutations(range(12)))
def test_the_order_of_patients_does_not_matter(
    predicted: np.ndarray, reference: np.ndarray, order: list[int]
) -> None:
    assert index(predicted[order], reference[order]) == pytest.approx(
        index(predicted, reference), abs=1e-9
    )


@given(predicted=SCATTERED, reference=SCATTERED)
def test_over_all_ways_to_hand_answers_round_the_index_is_as_derived(
    predicted: np.ndarray, reference: np.ndarray
) -> None:
    apart = distances_mm(predicted=predicted, reference=reference)
    n, u = 12, np.diagonal(apart).mean() / apart.mean()

    assert index(predicted, reference) == pytest.approx(n * (1 - u) / (n - u), abs=1e-9)


@pytest.mark.parametrize("n", [20, 100])
def test_a_backend_that_ignores_the_tumour_scores_zero_on_average(n: int) -> None:
    rng = np.random.default_rng(n)
    scores = []
    for _ in range(2000):
        side = rng.choice([-1.0, 1.0], n)
        reference = np.column_stack([side * rng.normal(35, 8, n), rng.normal(10, 25, n)])
        answers = rng.normal((5.0, -3.0), (4.0, 30.0), (n, 2))
        scores.append(index(answers, reference))

    standard_error = np.std(scores) / np.sqrt(len(scores))
    assert abs(np.mean(scores)) < 3 * standard_error + 1 / n**2
    assert standard_error < 0.003


def test_a_drawn_cohort_counts_a_patient_as_often_as_he_was_drawn() -> None:
    rng = np.random.default_rng(0)
    predicted, reference = rng.normal(size=(2, 8, 2))
    weights = np.array([2.0, 0, 1, 1, 3, 0, 1, 0])
    drawn = np.repeat(np.arange(8), weights.astype(int))

    assert index(predicted, reference, weights) == pytest.approx(
        index(predicted[drawn], reference[drawn])
    )


def test_a_cohort_of_one_place_has_no_index() -> None:
    assert np.isnan(index(np.zeros((3, 2)), np.zeros((3, 2))))
    assert lie_in_one_place(np.full((3, 2), 7.0))
    assert not lie_in_one_place(np.array([[0.0, 0.0], [0.0, 0.1]]))


def test_every_box_is_held_against_every_patients_box() -> None:
    rng = np.random.default_rng(1)
    boxes = rng.uniform(-20, 0, (2, 7, 2)), rng.uniform(1, 20, (2, 7, 2))
    predicted, reference = np.concatenate(boxes, axis=2)

    found = ious(predicted=predicted, reference=reference)

    for i, j in np.ndindex(7, 7):
        one, other = shapely.box(*predicted[i]), shapely.box(*reference[j])
        assert found[i, j] == pytest.approx(one.intersection(other).area / one.union(other).area)
    assert ious(predicted=predicted[:1], reference=predicted[:1] + 100)[0, 0] == 0.0


def test_shuffling_tracking_answers_destroys_their_score() -> None:
    rng = np.random.default_rng(2)
    reference = rng.normal(0, 30, (40, 2))
    apart = distances_mm(predicted=reference + rng.normal(0, 2, (40, 2)), reference=reference)

    (test,) = shuffle_tests((apart, False), shuffles=999)

    assert test.p_value == 1 / 1000
    assert test.observed == pytest.approx(np.diagonal(apart).mean())
    assert test.shuffled == pytest.approx(apart.mean())
    assert test.survives == pytest.approx(np.diagonal(apart).mean() / apart.mean())


def test_shuffling_a_constant_answer_changes_nothing() -> None:
    reference = np.random.default_rng(3).normal(0, 30, (40, 2))

    apart = distances_mm(predicted=np.full((40, 2), 1 / 3), reference=reference)
    (test,) = shuffle_tests((apart, False), shuffles=999)

    assert test.survives == pytest.approx(1.0)
    assert test.p_value == 1.0


def test_what_survives_of_overlaps_is_what_the_shuffled_ones_still_have() -> None:
    overlaps = np.array([[0.8, 0.2, 0.0], [0.1, 0.6, 0.1], [0.0, 0.2, 0.7]])

    (test,) = shuffle_tests((overlaps, True), shuffles=500)

    assert test.observed == pytest.approx(0.7)
    assert test.survives == pytest.approx(overlaps.mean() / 0.7)
    # One of the six ways is the answers as they are.
    assert test.p_value == pytest.approx(1 / 6, abs=0.05)


def test_answers_that_never_score_have_nothing_to_lose() -> None:
    (test,) = shuffle_tests((np.zeros((3, 3)), True), shuffles=50)

    assert isinstance(test.survives, NotEstimable)
    assert test.p_value == 1.0


def test_chance_is_rejected_no_oftener_than_promised() -> None:
    rng = np.random.default_rng(4)
    p_values = np.array(
        [
            test.p_value
            for number in range(600)
            for test in shuffle_tests(
                (
                    distances_mm(
                        predicted=rng.normal(size=(15, 2)), reference=rng.normal(size=(15, 2))
                    ),
                    False,
                ),
                shuffles=199,
                seed=number,
            )
        ]
    )

    assert np.mean(p_values <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 600)


def test_the_same_seed_gives_the_same_test() -> None:
    apart = np.random.default_rng(5).uniform(size=(9, 9))

    first, again = (shuffle_tests((apart, False), shuffles=99) for _ in range(2))

    assert first == again


def test_scores_that_are_not_square_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="wanted"):
        shuffle_tests((np.zeros((2, 3)), True))


def test_scores_are_tested_together_as_each_is_alone() -> None:
    apart, overlap = np.random.default_rng(4).random((2, 30, 30))

    together = shuffle_tests((apart, False), (overlap, True), shuffles=200, seed=5)

    assert together == (
        *shuffle_tests((apart, False), shuffles=200, seed=5),
        *shuffle_tests((overlap, True), shuffles=200, seed=5),
    )
