"""Neighbours of voxels, against SciPy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gliobench.domain.geometry.neighbours import grown, squared_distances, surface

MASKS = st.tuples(
    st.tuples(*[st.integers(1, 9)] * 3), st.sampled_from([0.02, 0.3, 0.9]), st.integers(0, 99)
).map(lambda drawn: np.random.default_rng(drawn[2]).random(drawn[0]) < drawn[1])


@given(MASKS)
def test_a_mask_grows_as_by_scipy(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(grown(mask), ndimage.binary_dilation(mask))


@given(MASKS)
def test_a_surface_is_what_erosion_takes_away(mask: np.ndarray) -> None:
    np.testing.assert_array_equal(surface(mask), mask & ~ndimage.binary_erosion(mask))


@given(MASKS, st.tuples(*[st.floats(0.4, 3)] * 3), st.floats(0.5, 20))
def test_distances_within_reach_are_those_of_scipy(
    mask: np.ndarray, edges_mm: tuple[float, float, float], reach_mm: float
) -> None:
    mask[0, 0, 0] = True  # SciPy needs one
    expected_mm = ndimage.distance_transform_edt(~mask, sampling=edges_mm)
    near = expected_mm <= reach_mm - 1e-9

    found_mm = np.sqrt(squared_distances(mask, edges_mm=edges_mm, reach_mm=reach_mm))

    np.testing.assert_allclose(found_mm[near], expected_mm[near])
    assert (found_mm[~near] > reach_mm - 1e-6).all()


def test_no_distance_is_measured_along_an_axis_without_an_edge() -> None:
    mask = np.array([[True, False, False], [False, False, False]])

    found = squared_distances(mask, edges_mm=(np.inf, 2.0), reach_mm=9.0)

    assert found.tolist() == [[0.0, 4.0, 16.0], [np.inf] * 3]
