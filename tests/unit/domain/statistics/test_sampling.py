"""Who is drawn."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics import sampling
from gliobench.domain.statistics.estimate import NO_STUDY
from gliobench.domain.statistics.sampling import SamplingPlan

PATIENTS = ["a", "b", "a", "c", "d", "e"]
GRADES = ["HGG", "LGG", "HGG", "LGG", "HGG", "HGG"]


def drawn(plan: SamplingPlan, count: int = 500, seed: int = 0) -> np.ndarray:
    return np.concatenate(list(plan.draws(count, seed=seed)))


def test_as_many_patients_are_drawn_from_each_stratum_as_it_holds() -> None:
    weights = drawn(SamplingPlan.of(PATIENTS, GRADES))

    patients = weights[:, [0, 1, 3, 4, 5]]  # a, b, c, d, e
    assert weights.shape == (500, 6)
    assert (patients[:, [0, 3, 4]].sum(axis=1) == 3).all()
    assert (patients[:, [1, 2]].sum(axis=1) == 2).all()


def test_studies_of_one_patient_are_drawn_together() -> None:
    weights = drawn(SamplingPlan.of(PATIENTS))

    assert (weights[:, 0] == weights[:, 2]).all()


def test_every_patient_is_drawn_once_on_average() -> None:
    weights = drawn(SamplingPlan.of(list(range(8))), 20_000)

    assert weights.mean(axis=0) == pytest.approx(np.ones(8), abs=0.03)
    assert weights.var(axis=0) == pytest.approx(np.full(8, 7 / 8), abs=0.03)


def test_a_patient_of_two_strata_counts_to_that_of_the_first_study() -> None:
    plan = SamplingPlan.of(["a", "a", "b", "c", "d"], ["LGG", "HGG", "LGG", "HGG", "HGG"])

    assert [members.tolist() for members in plan.strata] == [[0, 1], [2, 3]]


def test_the_same_seed_draws_the_same() -> None:
    plan = SamplingPlan.of(PATIENTS, GRADES)

    assert (drawn(plan, seed=3) == drawn(plan, seed=3)).all()
    assert (drawn(plan, seed=3) != drawn(plan, seed=4)).any()


def test_draws_come_in_blocks_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "BLOCK", 60)

    sizes = [len(block) for block in SamplingPlan.of(PATIENTS).draws(25, seed=0)]

    assert sizes == [10, 10, 5]


def test_whoever_is_left_out_is_made_up_for_by_the_rest_of_the_stratum() -> None:
    ((weights, shares),) = SamplingPlan.of(PATIENTS, GRADES).leave_outs()

    assert weights.shape == (5, 6)
    assert weights[0] == pytest.approx([0, 1, 0, 1, 1.5, 1.5])  # without a
    assert shares == pytest.approx([2 / 3, 2 / 3, 2 / 3, 1 / 2, 1 / 2])


def test_of_many_patients_several_are_left_out_at_once() -> None:
    plan = SamplingPlan.of(list(range(1000)), [n % 10 == 0 for n in range(1000)])

    weights = np.concatenate([block for block, _ in plan.leave_outs()])

    assert len(weights) == 250
    assert ((weights == 0).sum(axis=1) == 4).all()
    assert ((weights == 0).sum(axis=0) == 1).all()
    assert weights.sum(axis=1) == pytest.approx(np.full(250, 1000))


def test_a_plan_says_why_draws_would_tell_nothing() -> None:
    assert SamplingPlan.of([]).obstacle == NO_STUDY
    for plan, reason in (
        (SamplingPlan.of(["a", "a"]), "one patient only"),
        (SamplingPlan.of(["a", "b", "c"], ["LGG", "HGG", "HGG"]), "a stratum has one patient"),
    ):
        assert plan.obstacle is not None
        assert reason in plan.obstacle.reason
    assert SamplingPlan.of(PATIENTS, GRADES).obstacle is None


def test_strata_are_given_for_every_study() -> None:
    with pytest.raises(InvalidInputError, match="1 strata for 2 studies"):
        SamplingPlan.of(["a", "b"], ["LGG"])
