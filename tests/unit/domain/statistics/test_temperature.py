from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.temperature import fit_temperature

RNG = np.random.default_rng(0)


def calibrated(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw logits that mean what they say, at even odds."""
    logit = RNG.normal(0, 2, count)
    logit = np.concatenate([logit, -logit])
    return RNG.random(2 * count) < expit(logit), logit


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_factor_by_which_logits_are_too_sure_is_found(factor: float) -> None:
    reference, logit = calibrated(20_000)

    assert fit_temperature(reference=reference, logit=factor * logit) == pytest.approx(
        factor, rel=0.05
    )


def test_the_prevalence_of_the_cohort_does_not_matter() -> None:
    reference, logit = calibrated(20_000)
    fewer_lgg = reference | (np.arange(len(reference)) % 5 == 0)

    assert fit_temperature(reference=reference[fewer_lgg], logit=logit[fewer_lgg]) == pytest.approx(
        1.0, rel=0.08
    )


def test_a_network_that_is_always_right_gets_no_surer_than_the_bound() -> None:
    reference = np.array([True, False])

    temperature = fit_temperature(reference=reference, logit=np.array([0.1, -0.1]))

    assert temperature == pytest.approx(0.05, rel=0.01)


def test_a_network_that_is_always_wrong_gets_no_less_sure_than_the_bound() -> None:
    reference = np.array([True, False])

    temperature = fit_temperature(reference=reference, logit=np.array([-4.0, 4.0]))

    assert temperature == pytest.approx(20, rel=0.01)


@pytest.mark.parametrize("grade", [True, False])
def test_predictions_of_one_grade_tell_nothing(grade: bool) -> None:
    with pytest.raises(InvalidInputError, match="both grades"):
        fit_temperature(reference=np.full(3, grade), logit=np.zeros(3))
