"""Pictures to learn from, mirrored and moved with their answers."""

from __future__ import annotations

import numpy as np

from fakes.fake_study_source import fake_case
from gliobench.adapters.transformers.fine_tuning.samples import MAX_SHIFT, Sample, samples_of
from gliobench.adapters.vision_language.slices import SlicePrompting
from gliobench.domain.geometry.grids import Axis, Box3D, Plane

EDGE = 80
# A tumour of 10 x 16 voxels in a plane of 40 x 40, drawn at two pixels a voxel.
CASE = fake_case(shape=(40, 40, 6), tumour=Box3D(start=(8, 12, 1), stop=(18, 28, 4)))
PLANE = Plane(Axis.AXIAL, 2)


def samples(variants: int, seed: int = 0) -> list[Sample]:
    return samples_of(CASE, PLANE, SlicePrompting(EDGE), variants=variants, seed=seed)


def bright_box(sample: Sample) -> tuple[float, float, float, float]:
    """Find the tumour, brighter than all brain by far, in the picture itself."""
    rows, columns = np.nonzero(sample.picture[:, :, 0] > 175)
    return (
        columns.min() / EDGE,
        rows.min() / EDGE,
        (columns.max() + 1) / EDGE,
        (rows.max() + 1) / EDGE,
    )


def test_answers_move_with_the_picture() -> None:
    for sample in samples(6):
        assert np.abs(np.subtract(sample.reference.box, bright_box(sample))).max() < 1.5 / EDGE


def test_the_first_picture_is_that_of_inference_and_the_second_its_mirror_image() -> None:
    plain, mirrored = samples(2)
    prompting = SlicePrompting(EDGE)

    ((shown,),) = prompting.pictures(CASE.study, [prompting.view(CASE.study, PLANE)])

    assert plain.picture.tobytes() == shown.tobytes()
    assert np.array_equal(mirrored.picture, plain.picture[:, ::-1])
    assert np.isclose(mirrored.reference.point[0], 1 - plain.reference.point[0])


def test_a_moved_picture_is_moved_by_no_more_than_agreed_and_keeps_the_tumour() -> None:
    still, _, *moved = samples(8)

    for sample in moved[::2]:
        by = np.subtract(sample.reference.point, still.reference.point)
        assert 0 < np.abs(by).max() <= MAX_SHIFT
        assert min(sample.reference.box) >= 0
        assert max(sample.reference.box) <= 1


def test_moves_depend_on_the_seed_and_on_nothing_else() -> None:
    same, again, other = samples(4), samples(4), samples(4, seed=1)

    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(same, again, strict=True))
    assert same[2].reference != other[2].reference
