"""Connected parts of masks, against SciPy's labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage, sparse

from gliobench.domain.geometry.parts import Parts, Touching, filled, groups

CROSS = ndimage.generate_binary_structure(3, 1)
STRUCTURES = {
    Touching.CORNERS: np.ones((3, 3, 3)),
    Touching.FACES: CROSS,
    Touching.FACES_IN_PLANE: CROSS & np.array([False, True, False])[:, None, None],
}
SHAPES = st.tuples(*[st.integers(1, 9)] * 3)


def noise(shape: tuple[int, int, int], share: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random(shape) < share


@given(st.sampled_from(Touching), SHAPES, st.floats(0, 1), st.integers(0, 99))
def test_parts_are_numbered_counted_and_boxed_as_by_scipy(
    touching: Touching, shape: tuple[int, int, int], share: float, seed: int
) -> None:
    mask = noise(shape, share, seed)
    labels, n = ndimage.label(mask, structure=STRUCTURES[touching])

    parts = Parts.of(mask, touching)

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


def test_the_voxels_of_chosen_parts_are_a_mask() -> None:
    mask = np.array([[[True, True, False, True, False, True]]])

    chosen = Parts.of(mask).having(np.array([True, False, True, True]))

    assert chosen.ravel().tolist() == [False, False, False, True, False, True]


@given(SHAPES, st.floats(0, 1), st.integers(0, 99))
def test_holes_of_planes_are_filled_as_by_scipy(
    shape: tuple[int, int, int], share: float, seed: int
) -> None:
    planes = noise(shape, share, seed)

    found = filled(planes)

    np.testing.assert_array_equal(found, [ndimage.binary_fill_holes(plane) for plane in planes])


@given(st.integers(1, 40), st.integers(0, 60), st.integers(0, 99))
def test_things_are_grouped_as_by_scipy(n: int, pairs: int, seed: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, n, (2, pairs))
    graph = sparse.coo_array((np.ones(pairs), (one, other)), shape=(n, n))

    found = groups(n, one, other)

    assert found.tolist() == sparse.csgraph.connected_components(graph, directed=False)[1].tolist()
