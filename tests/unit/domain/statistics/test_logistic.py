from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.logistic import even_odds, fit_logistic


def test_both_classes_weigh_the_same_whatever_their_numbers() -> None:
    hgg = np.array([True, True, True, False])

    weights = even_odds(hgg, np.array([1.0, 2.0, 1.0, 5.0]))

    np.testing.assert_allclose(weights, [0.5, 1.0, 0.5, 2.0])
    np.testing.assert_allclose(even_odds(hgg), [2 / 3, 2 / 3, 2 / 3, 2.0])


@pytest.mark.parametrize("grade", [True, False])
def test_a_class_that_is_absent_is_refused(grade: bool) -> None:
    with pytest.raises(InvalidInputError, match="both grades"):
        even_odds(np.full(3, grade))


def test_coefficients_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 3))
    hgg = features @ [1.0, -2.0, 0.0] + rng.normal(size=60) > 0.5
    weights = even_odds(hgg)

    coefficients, intercept = fit_logistic(features, hgg, weights, penalty=0.5)

    other = LogisticRegression(C=2.0, tol=1e-10, max_iter=10_000).fit(
        features, hgg, sample_weight=weights
    )
    np.testing.assert_allclose(coefficients, other.coef_[0], atol=1e-4)
    assert intercept == pytest.approx(other.intercept_[0], abs=1e-4)


def test_classes_that_a_feature_separates_have_finite_coefficients() -> None:
    features = np.array([[-1.0], [-2.0], [1.0], [2.0]])

    coefficients, intercept = fit_logistic(features, features[:, 0] > 0, np.ones(4))

    assert 0.5 < coefficients[0] < 5
    assert intercept == pytest.approx(0.0, abs=1e-6)
