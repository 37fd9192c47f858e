import numpy as np
import pytest

from gliobench.domain.metrics.distances import _nth


@pytest.mark.parametrize("n", [0, 500, 949, 999])
def test_a_value_is_found_by_its_rank_within_earlier_bounds(n: int) -> None:
    values = np.random.default_rng(n).random(1000)
    ordered = np.sort(values)

    found = _nth(values, n, (ordered[max(n - 20, 0)], ordered[min(n + 20, 999)]))

    assert found == ordered[n]
