from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from gliobench.domain.networks.logits import expit


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_probabilities_are_those_of_scipy(kind: type[np.floating]) -> None:
    logits = np.linspace(-800, 800, 10_001).astype(kind)

    found = expit(logits)

    assert found.dtype == kind
    np.testing.assert_allclose(found, special.expit(logits), rtol=4 * np.finfo(kind).eps)
