"""McNemar's test, as published and beside statsmodels."""

from __future__ import annotations

import numpy as np
import pytest

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.statistics.estimate import NO_STUDY
from gliobench.domain.statistics.mcnemar import McNemar, mcnemar


def compared(both: int, only_first: int, only_second: int, neither: int) -> McNemar:
    counts = [both, only_first, only_second, neither]
    found = mcnemar(
        first_right=np.repeat([True, True, False, False], counts),
        second_right=np.repeat([True, False, True, False], counts),
    )
    assert isinstance(found, McNemar)
    return found


def test_airways_after_stem_cells_have_the_p_that_fagerland_published() -> None:
    # Fagerland, Lydersen & Laake 2013, table 2
    found = compared(1, 1, 7, 12)

    assert (found.n, found.only_first, found.only_second) == (21, 1, 7)
    assert found.exact_p == pytest.approx(0.070, abs=5e-4)
    assert found.mid_p == pytest.approx(0.039, abs=5e-4)


def test_the_prime_ministers_approval_fell_as_agresti_has_it() -> None:
    # Agresti, "Categorical data analysis", table 10.1: z² = (150 - 86)² / 236 = 17.36
    found = compared(794, 150, 86, 570)

    assert found.exact_p == pytest.approx(3.1e-5, rel=0.25)
    assert found.mid_p < found.exact_p


@pytest.mark.parametrize(("one", "other"), [(0, 0), (5, 5), (0, 6), (14, 3), (2, 40)])
def test_the_exact_p_is_statsmodels(one: int, other: int) -> None:
    statsmodels = pytest.importorskip("statsmodels.stats.contingency_tables")

    wanted = statsmodels.mcnemar([[10, one], [other, 3]], exact=True).pvalue

    assert compared(10, one, other, 3).exact_p == pytest.approx(wanted)
    assert compared(10, other, one, 3).exact_p == pytest.approx(wanted)


def test_backends_that_never_fall_out_are_no_reason_for_doubt() -> None:
    found = compared(5, 0, 0, 2)

    assert (found.exact_p, found.mid_p) == (1.0, 1.0)


def test_without_studies_there_is_no_test() -> None:
    none = np.empty(0, dtype=np.bool_)

    assert mcnemar(first_right=none, second_right=none) == NO_STUDY


def test_answers_to_other_studies_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="wanted as many"):
        mcnemar(first_right=np.array([True]), second_right=np.array([True, False]))
