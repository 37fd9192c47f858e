"""Connected parts of masks, against SciPy's labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from gliobench.domain.metrics.parts import Parts


@given(st.tuples(*[st.integers(1, 9)] * 3), st.floats(0, 1), st.integers(0, 99))
def test_parts_are_numbered_counted_and_boxed_as_by_scipy(
    shape: tuple[int, int, int], share: float, seed: int
) -> None:
    mask = np.random.default_rng(seed).random(shape) < share
    labels, n = ndimage.label(mask, structure=np.ones((3, 3, 3)))

    parts = Parts.of(mask)

    assert parts.n == n
    np.testing.assert_array_equal(parts.labels, labels)
    np.testing.assert_array_equal(parts.n_voxels[1:], np.bincount(labels.ravel())[1:])
    assert parts.boxes == ndimage.find_objects(labels)


def test_voxels_of_two_parts_may_be_of_one_part_of_a_larger_mask() -> None:
    mask = np.zeros((1, 1, 7), dtype=bool)
    mask[0, 0, [1, 3, 6]] = True
    larger = np.zeros((3, 3, 9), dtype=bool)
    larger[1, 1, [2, 3, 4, 7]] = True

    joined = Parts.of(mask).joined(Parts.of(larger), offset=1)

    assert joined.labels.ravel().tolist() == [0, 1, 0, 1, 0, 0, 2]
    assert joined.n_voxels.tolist() == [0, 2, 1]
    assert [box[2] for box in joined.boxes] == [slice(1, 4), slice(6, 7)]
