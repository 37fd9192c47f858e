"""Probabilities held against shares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import BoolArray, FloatArray
from gliobench.domain.statistics.estimate import NO_STUDY, Estimate
from gliobench.domain.statistics.reliability import Reliability, reliability


def held(reference: BoolArray, probability: FloatArray, bins: int = 10) -> Reliability:
    found = reliability(reference=reference, probability=probability, bins=bins)
    assert isinstance(found, Reliability)
    return found


def test_four_studies_in_two_bins_are_worked_out_by_hand() -> None:
    # said 0.2 and seen 1 of 2; said 0.9 and seen 2 of 2; HGG are 3 of 4
    found = held(np.array([False, True, True, True]), np.array([0.2, 0.2, 0.9, 0.9]), bins=2)

    assert [(one.n, one.said) for one in found.curve] == [(2, pytest.approx(0.2)), (2, 0.9)]
    assert [one.seen.value for one in found.curve if isinstance(one.seen, Estimate)] == [0.5, 1.0]
    assert found.brier == pytest.approx((0.2**2 + 0.8**2 + 2 * 0.1**2) / 4)
    assert found.miscalibration == pytest.approx((2 * 0.3**2 + 2 * 0.1**2) / 4)
    assert found.resolution == pytest.approx((2 * 0.25**2 + 2 * 0.25**2) / 4)
    assert found.uncertainty == pytest.approx(0.75 * 0.25)
    assert found.ece == pytest.approx((2 * 0.3 + 2 * 0.1) / 4)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=50))
def test_the_parts_make_up_the_score(studies: list[tuple[bool, float]]) -> None:
    reference, probability = (np.array(column) for column in zip(*studies, strict=True))

    found = held(reference, probability)

    assert found.miscalibration - found.resolution + found.uncertainty == pytest.approx(found.brier)
    assert sum(one.n for one in found.curve) == found.n == len(studies)
    assert found.ece <= np.sqrt(found.miscalibration) + 1e-12


def test_the_curve_is_scikit_learns() -> None:
    sklearn = pytest.importorskip("sklearn.calibration")
    rng = np.random.default_rng(0)
    probability = rng.random(500)
    reference = rng.random(500) < probability

    seen, said = sklearn.calibration_curve(reference, probability, n_bins=10)

    curve = held(reference, probability).curve
    assert [one.said for one in curve] == pytest.approx(said)
    assert [one.seen.value for one in curve if isinstance(one.seen, Estimate)] == pytest.approx(
        seen
    )


def test_what_varies_inside_a_bin_counts_as_resolution() -> None:
    found = held(np.array([False, True]), np.array([0.0, 1.0]), bins=1)

    assert (found.brier, found.miscalibration) == (0.0, 0.0)
    assert found.resolution == found.uncertainty == 0.25


def test_fewer_than_a_hundred_studies_come_with_a_warning() -> None:
    reference, probability = np.arange(100) % 2 == 0, np.full(100, 0.5)

    assert held(reference, probability).warning is None
    warning = held(reference[1:], probability[1:]).warning
    assert warning is not None
    assert "99 studies" in warning


def test_without_studies_there_is_nothing_to_hold() -> None:
    assert reliability(reference=np.empty(0, np.bool_), probability=np.empty(0)) == NO_STUDY


def test_what_is_no_probability_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not in"):
        reliability(reference=np.array([True]), probability=np.array([1.5]))
    with pytest.raises(InvalidInputError, match="0 bins"):
        reliability(reference=np.array([True]), probability=np.array([0.5]), bins=0)
