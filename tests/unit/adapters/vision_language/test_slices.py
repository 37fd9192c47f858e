from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import TUMOUR, fake_case
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
