"""How scores of single studies are spread, on cases where that is known."""

from __future__ import annotations

import pytest

from fakes.fake_comparison import REFUSAL, compared, looks, reading
from gliobench.domain.comparison.distributions import SHOWN, Distribution, distributions
from gliobench.domain.comparison.report import Report
from gliobench.domain.evaluation.scores import CaseScore
from gliobench.domain.metrics.measures import WORST_MM


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
