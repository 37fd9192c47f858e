from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_engine import FakeEngine
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import TUMOUR, fake_case
from gliobench.adapters.vision_language.prompts import Prompts
from gliobench.adapters.vision_language.reader import Asking, Reader
from gliobench.adapters.vision_language.slices import SlicePrompting, planes_by
from gliobench.domain.answers.dialects import DIALECTS
from gliobench.domain.errors import InvalidInputError
from gliobench.domain.geometry.grids import Axis, Box3D, Plane, Point3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    NO_TUMOUR,
    Failure,
    FailureReason,
    Form,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.slices.view import Composition, SlicePolicy
from gliobench.domain.studies.study import Modality

STUDY = fake_case().study
MISSED = Failure(FailureReason.NO_TUMOUR_FOUND, "no voxel was taken for tumour")


def planes(policy: SlicePolicy, study=STUDY, **more):
    return planes_by(policy, modality=Modality.T1C, **more)(study)


def test_the_middle_of_the_brain_is_shown() -> None:
    (plane,) = planes(SlicePolicy.BRAIN_MIDDLE)

    assert plane.axis is Axis.AXIAL
    assert 1 <= plane.index < STUDY.grid.shape[2] - 1


def test_as_many_slices_are_shown_as_asked_for_from_the_lowest_up() -> None:
    shown = planes(SlicePolicy.N_SLICES, count=3)

    indices = [plane.index for plane in shown]
    assert len(indices) == 3
    assert indices == sorted(indices)


def test_the_plane_that_a_localizer_finds_most_tumour_on_is_shown() -> None:
    (plane,) = planes(SlicePolicy.LOCALIZER_GUIDED, localizer=FakeLocalizer())

    assert TUMOUR.start[2] <= plane.index < TUMOUR.stop[2]


def test_a_tumour_that_the_localizer_does_not_find_is_that_failure() -> None:
    of_study = FakeLocalizer(lambda _: MISSED)
    of_mask = FakeLocalizer(lambda _: LocalisationPrediction({Form.MASK: MISSED}))

    for localizer in (of_study, of_mask):
        assert planes(SlicePolicy.LOCALIZER_GUIDED, localizer=localizer) == MISSED


def test_a_mask_without_a_voxel_leaves_no_slice_to_show_and_no_tumour_found() -> None:
    empty = Mask(STUDY.grid, {Region.WT: np.zeros(STUDY.grid.shape, dtype=bool)})

    for answer in (empty, NO_TUMOUR):
        found = planes(
            SlicePolicy.LOCALIZER_GUIDED,
            localizer=FakeLocalizer(
                lambda _, answer=answer: LocalisationPrediction({Form.MASK: answer})
            ),
        )
        assert isinstance(found, Failure)
        assert found.reason is FailureReason.NO_TUMOUR_FOUND


@pytest.mark.parametrize("localizer", [None, FakeLocalizer(forms=(Form.POINT_3D,))])
def test_a_localizer_that_gives_no_mask_cannot_be_followed(localizer) -> None:
    with pytest.raises(InvalidInputError, match="wanted a backend that gives a mask"):
        planes(SlicePolicy.LOCALIZER_GUIDED, localizer=localizer)


def test_an_oracle_shows_the_plane_that_it_is_given() -> None:
    given = Plane(Axis.AXIAL, 4)

    assert planes(SlicePolicy.ORACLE_LARGEST_TUMOUR, replace(STUDY, oracle_plane=given)) == (given,)


def test_an_oracle_without_a_reference_fails() -> None:
    found = planes(SlicePolicy.ORACLE_LARGEST_TUMOUR)

    assert isinstance(found, Failure)
    assert "no reference tumour" in found.detail


@pytest.mark.parametrize("policy", SlicePolicy)
def test_a_study_of_one_slice_leaves_no_choice(policy: SlicePolicy) -> None:
    flat = fake_case(shape=(12, 14, 1), tumour=Box3D(start=(3, 4, 0), stop=(8, 9, 1))).study
    lost = FakeLocalizer(lambda _: LocalisationPrediction({Form.POINT_3D: Point3D((0, 0, 0))}))
    localizer = FakeLocalizer(lost.localise, forms=(Form.MASK,))

    assert planes(policy, flat, localizer=localizer) == (Plane(Axis.AXIAL, 0),)


def test_a_montage_is_refused_in_a_dialect_that_counts_along_the_whole_picture() -> None:
    with pytest.raises(InvalidInputError, match="qwen3-vl counts along the whole picture"):
        SlicePrompting(560, Composition.MONTAGE, dialect=DIALECTS["qwen3-vl"])

    assert SlicePrompting(560, Composition.MONTAGE, dialect=DIALECTS["pixels"]).frame.edge_px == 280


def shown(index: int, **how) -> list[np.ndarray]:
    prompting = SlicePrompting(24, **how)
    view = prompting.view(STUDY, Plane(Axis.AXIAL, index))
    (together,) = prompting.pictures(STUDY, [view])
    return list(together)


def drawn_as(index: int, view_of: int) -> np.ndarray:
    """Draw a slice in the place of another, as a neighbour is."""
    prompting = SlicePrompting(24)
    view = prompting.view(STUDY, Plane(Axis.AXIAL, view_of))
    ((picture,),) = prompting.pictures(STUDY, [replace(view, plane=Plane(Axis.AXIAL, index))])
    return picture


def test_neighbours_stand_before_a_slice_from_the_lowest_up_in_the_same_frame() -> None:
    step = 2
    spacing_mm = STUDY.grid.spacing_mm[Axis.AXIAL]

    pictures = shown(4, context=1, context_mm=step * spacing_mm)

    expected = [drawn_as(index, view_of=4) for index in (4 - step, 4 + step, 4)]
    np.testing.assert_array_equal(pictures, expected)


def test_neighbours_beyond_the_study_are_left_out() -> None:
    pictures = shown(0, context=2, context_mm=0.1)

    np.testing.assert_array_equal(pictures, [drawn_as(n, view_of=0) for n in (1, 2, 0)])


def test_each_neighbour_has_as_many_pictures_as_the_slice() -> None:
    assert len(shown(4, context=1, context_mm=0.1, composition=Composition.SEPARATE)) == 12


def test_a_study_of_one_slice_is_asked_about_without_context() -> None:
    grid = replace(STUDY.grid, shape=(*STUDY.grid.shape[:2], 1))
    volumes = {modality: volume[:, :, 4:5] for modality, volume in STUDY.volumes.items()}
    flat = replace(STUDY, grid=grid, volumes=volumes)
    asking = Asking(SlicePrompting(24, context=2), Prompts.load())
    reader = Reader(
        FakeEngine(), asking, planes_by(SlicePolicy.BRAIN_MIDDLE, modality=Modality.T1C)
    )

    ((_, request),) = reader.requests(flat)

    assert len(request.pictures) == 1
    assert all(prompt.text.startswith("This is one axial slice") for prompt in request.prompts)
