from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from fakes.fake_backend import fake_backend
from fakes.fake_classifier import FakeClassifier
from fakes.fake_localizer import FakeLocalizer
from fakes.fake_study_source import TUMOUR, fake_case
from fakes.head import GRID, brain, with_skull
from fakes.torn_volumes import TornVolumes
from gliobench.application.predict.predict_study import predict_study
from gliobench.application.predict.study_reading import NoPlace, Place, StudyReading, drawn_answer
from gliobench.domain.errors import ImplausibleError, InvalidInputError
from gliobench.domain.evaluation.backend_facts import BackendFacts
from gliobench.domain.geometry.grids import Axis, Box, Box3D, Grid, Plane, Point, Point3D, Polygon
from gliobench.domain.geometry.orientation import canonical
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import (
    Failure,
    FailureReason,
    Form,
    GradePrediction,
    Localisation,
    LocalisationPrediction,
    Mask,
)
from gliobench.domain.studies.faults import FaultKind, FaultyStudyError
from gliobench.domain.studies.study import Grade, Modality, Study, Volume

SPACING_MM = (1.0, 2.0, 3.0)
CASE = fake_case(spacing_mm=SPACING_MM)
HGG = GradePrediction(Grade.HGG, 0.8)


def turned(study: Study, native: Grid) -> Study:
    """Give a study whose files lie on another grid of the same voxels."""
    assert canonical(native) == study.grid
    return replace(study, native_grid=native)


def lps(study: Study) -> Study:
    """Let the files' axes run to the left and to the back, as BraTS's do."""
    i, j, k = study.grid.shape
    affine = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    affine[:2, 3] = (i - 1) * SPACING_MM[0], (j - 1) * SPACING_MM[1]
    return turned(study, Grid(shape=(i, j, k), affine=affine))


def sagittal(study: Study) -> Study:
    """Let the files' axes run to the back, upwards and to the left."""
    i, j, k = study.grid.shape
    affine = np.zeros((4, 4))
    affine[1, 0], affine[2, 1], affine[0, 2] = -SPACING_MM[1], SPACING_MM[2], -SPACING_MM[0]
    affine[:, 3] = (i - 1) * SPACING_MM[0], (j - 1) * SPACING_MM[1], 0, 1
    return turned(study, Grid(shape=(j, k, i), affine=affine))


def says(*answers: tuple[Form, Localisation | Failure]) -> FakeLocalizer:
    said = dict(answers)
    return FakeLocalizer(lambda _: LocalisationPrediction(said), forms=said)


def place_of(study: Study, localizer: FakeLocalizer | None = None) -> Place:
    backend = fake_backend(
        classifier=FakeClassifier(lambda _: HGG), localizer=localizer or FakeLocalizer()
    )
    place = predict_study(study, backend).place
    assert isinstance(place, Place)
    return place


def test_a_study_is_graded_and_its_tumour_placed_and_measured() -> None:
    study = CASE.study
    backend = fake_backend(classifier=FakeClassifier(lambda _: HGG), localizer=FakeLocalizer())

    reading = predict_study(study, backend)

    assert reading.grade == HGG
    assert reading.failures == []
    place = reading.place
    assert isinstance(place, Place)
    assert place.box == place.box_vox == TUMOUR
    assert place.centre_vox == (5.0, 6.0, 3.5)
    assert place.centre_mm == pytest.approx((5.0, 12.0, 10.5))
    assert place.size_mm == pytest.approx((5.0, 10.0, 12.0))
    assert place.volumes_mm3 == {Region.WT: 5 * 5 * 4 * 6.0}
    assert place.mask is not None


def test_a_study_whose_files_run_to_the_left_is_answered_in_their_voxels() -> None:
    study = lps(CASE.study)

    place = place_of(study)

    assert place.centre_vox == (11 - 5.0, 13 - 6.0, 3.5)
    assert place.box_vox == Box3D(start=(12 - 8, 14 - 9, 2), stop=(12 - 3, 14 - 4, 6))


@pytest.mark.parametrize("turn", [lps, sagittal])
def test_however_the_files_are_turned_the_millimetres_are_the_same(turn) -> None:
    study = turn(CASE.study)

    place = place_of(study)

    assert place.centre_mm == pytest.approx(place_of(CASE.study).centre_mm)
    assert study.native_grid.to_mm(place.centre_vox) == pytest.approx(place.centre_mm)
    assert study.native_grid.to_mm(place.box_vox.centre.at) == pytest.approx(place.centre_mm)


def test_a_size_is_told_along_the_axes_of_the_files() -> None:
    assert place_of(sagittal(CASE.study)).size_mm == pytest.approx((10.0, 12.0, 5.0))


def test_every_region_of_a_mask_has_its_volume() -> None:
    mask = Mask(CASE.study.grid, CASE.reference.regions)

    place = place_of(CASE.study, says((Form.MASK, mask)))

    assert place.volumes_mm3 == {
        region: voxels.sum() * 6.0 for region, voxels in CASE.reference.regions.items()
    }


def test_a_backend_that_only_points_gives_a_place_without_box_or_mask() -> None:
    place = place_of(lps(CASE.study), says((Form.POINT_3D, Point3D(at=(1.0, 2.0, 3.0)))))

    assert place.centre_vox == (10.0, 11.0, 3.0)
    assert place.box is place.box_vox is place.size_mm is place.mask is None
    assert place.volumes_mm3 == {}


def test_a_backend_that_only_draws_a_box_is_placed_at_its_middle() -> None:
    place = place_of(CASE.study, says((Form.BOX_3D, TUMOUR)))

    assert place.centre == TUMOUR.centre
    assert place.box_vox == TUMOUR


def test_a_backend_that_only_grades_has_no_place_and_has_not_failed() -> None:
    reading = predict_study(CASE.study, fake_backend(classifier=FakeClassifier(lambda _: HGG)))

    assert reading.place is None
    assert reading.failures == []


AXIAL_3 = Plane(Axis.AXIAL, 3)
ON_PLANE: dict[Form, Localisation] = {
    Form.POINT: Point(AXIAL_3, at=(4.0, 5.0)),
    Form.BOX: Box(AXIAL_3, start=(3, 4), stop=(8, 9)),
    Form.POLYGON: Polygon(AXIAL_3, vertices=((2.5, 3.5), (7.5, 3.5), (7.5, 8.5))),
}


def read_slice(study: Study, **changes: Localisation | Failure) -> StudyReading:
    said = ON_PLANE | {Form(name): answer for name, answer in changes.items()}
    return predict_study(study, fake_backend(localizer=says(*said.items())))


def test_a_point_on_a_slice_is_told_in_voxels_of_the_files() -> None:
    place = read_slice(lps(CASE.study)).place

    assert isinstance(place, Place)
    assert place.centre == Point3D(at=(4.0, 5.0, 3.0))
    assert place.centre_mm == pytest.approx((4.0, 10.0, 9.0))
    assert place.centre_vox == (7.0, 8.0, 3.0)
    assert place.box is None


def test_box_and_outline_on_a_slice_are_told_in_millimetres_and_voxels_of_the_files() -> None:
    drawn = read_slice(lps(CASE.study)).on_slice

    assert drawn is not None
    assert drawn.plane == AXIAL_3
    assert drawn.box == Box3D(start=(3, 4, 3), stop=(8, 9, 4))
    assert drawn.box_vox == Box3D(start=(12 - 8, 14 - 9, 3), stop=(12 - 3, 14 - 4, 4))
    assert drawn.size_mm == pytest.approx((5.0, 10.0, 3.0))
    assert drawn.polygon_mm[0] == pytest.approx((2.5, 7.0, 9.0))
    assert drawn.polygon_vox[0] == (11 - 2.5, 13 - 3.5, 3.0)
    assert not drawn.oracle


def test_a_form_that_failed_on_a_slice_is_told_beside_the_others() -> None:
    missed = Failure(FailureReason.INVERTED_BOX, "from 0.9 to 0.1")

    reading = read_slice(CASE.study, box=missed)

    assert reading.failures == [missed]
    assert isinstance(reading.place, Place)
    assert reading.on_slice is not None
    assert reading.on_slice.box == missed
    assert reading.on_slice.box_vox is reading.on_slice.size_mm is None


def test_what_is_drawn_of_a_slice_is_its_box_its_outline_and_its_point() -> None:
    drawn = drawn_answer(read_slice(CASE.study))

    assert drawn is not None
    assert drawn.centre_vox == drawn.through_vox == (4.0, 5.0, 3.0)
    assert drawn.box == Box3D(start=(3, 4, 3), stop=(8, 9, 4))
    inside = np.argwhere(drawn.regions[Region.WT])
    assert set(inside[:, 2]) == {3}
    assert (inside.min(axis=0).tolist(), inside.max(axis=0).tolist()) == ([3, 4, 3], [7, 8, 3])


def test_without_a_point_the_slice_is_still_drawn() -> None:
    missed = Failure(FailureReason.REFUSAL, "I cannot")

    drawn = drawn_answer(read_slice(CASE.study, point=missed))

    assert drawn is not None
    assert drawn.centre_vox is None
    assert drawn.through_vox[2] == 3.0


def test_what_is_drawn_of_a_volume_is_its_mask_and_box() -> None:
    drawn = drawn_answer(predict_study(CASE.study, fake_backend(localizer=FakeLocalizer())))

    assert drawn is not None
    assert drawn.box == TUMOUR
    assert drawn.regions[Region.WT].sum() == 5 * 5 * 4


def test_nothing_is_drawn_of_what_was_not_placed() -> None:
    missed = FakeLocalizer(lambda _: Failure(FailureReason.NO_TUMOUR_FOUND, "nothing there"))

    assert drawn_answer(predict_study(CASE.study, fake_backend(localizer=missed))) is None


def test_a_mask_without_a_voxel_is_an_answer_with_a_mask_to_write() -> None:
    empty = Mask(CASE.study.grid, {Region.WT: np.zeros(CASE.study.grid.shape, dtype=bool)})

    reading = predict_study(CASE.study, fake_backend(localizer=says((Form.MASK, empty))))

    assert isinstance(reading.place, NoPlace)
    assert reading.place.mask is not None
    assert reading.place.mask.is_empty
    assert reading.failures == []


def test_an_oracle_reads_no_study_without_its_plane() -> None:
    seer = replace(fake_backend("seer"), facts=BackendFacts(oracle=True))

    with pytest.raises(InvalidInputError, match="seer is shown a slice chosen with the reference"):
        predict_study(CASE.study, seer)
    assert predict_study(replace(CASE.study, oracle_plane=AXIAL_3), seer).failures == []


def test_what_could_not_be_answered_is_told_with_its_reason() -> None:
    missed = Failure(FailureReason.MISSING_MODALITY, "no t1c")
    refused = Failure(FailureReason.REFUSAL, "ask a doctor")
    backend = fake_backend(
        classifier=FakeClassifier(lambda _: refused), localizer=FakeLocalizer(lambda _: missed)
    )

    reading = predict_study(CASE.study, backend)

    assert reading.failures == [refused, missed]


def test_a_form_that_failed_is_told_as_the_place_that_failed() -> None:
    missed = Failure(FailureReason.NO_NUMBERS, "somewhere left")

    reading = predict_study(CASE.study, fake_backend(localizer=says((Form.POINT_3D, missed))))

    assert isinstance(reading.place, Failure)
    assert reading.place.reason is FailureReason.NO_NUMBERS


def study_of(volumes: Mapping[Modality, Volume], grid: Grid = GRID) -> Study:
    return Study(id="s1", patient_id="p1", grid=grid, volumes=volumes, native_grid=grid)


@pytest.mark.usefixtures("real_sizes")
def test_images_that_show_a_skull_are_refused_by_name_unless_somebody_insists() -> None:
    head = with_skull(brain(), scalp=600, skull=60)
    study = study_of({Modality.T1C: brain(), Modality.T2F: head})
    backend = fake_backend(classifier=FakeClassifier(lambda _: HGG))

    with pytest.raises(ImplausibleError, match=r"study s1: skull_not_stripped: t2f .*--force"):
        predict_study(study, backend)

    forced = predict_study(study, backend, force=True)
    assert forced.grade == HGG
    assert [fault.kind for fault in forced.implausible] == [FaultKind.SKULL_NOT_STRIPPED]


def test_an_answer_that_takes_most_of_the_brain_is_refused_unless_somebody_insists() -> None:
    study = study_of({Modality.T2F: brain()})
    whole = Mask(GRID, {Region.WT: brain() != 0})
    backend = fake_backend(localizer=says((Form.MASK, whole)))

    with pytest.raises(ImplausibleError, match="tumour_too_large: the answer labels 100%"):
        predict_study(study, backend)

    (fault,) = predict_study(study, backend, force=True).implausible
    assert fault.kind is FaultKind.TUMOUR_TOO_LARGE


def test_images_on_several_grids_are_refused_whoever_insists() -> None:
    error = FaultyStudyError(FaultKind.SHAPE_MISMATCH, "t2.nii.gz: shape (2, 2, 2)")
    study = study_of(TornVolumes({Modality.T1C: brain()}, error))
    backend = fake_backend(classifier=FakeClassifier(lambda _: HGG))

    with pytest.raises(ImplausibleError, match=r"shape_mismatch: t2.nii.gz.*one grid"):
        predict_study(study, backend)
    with pytest.raises(InvalidInputError, match="co-register") as refused:
        predict_study(study, backend, force=True)
    assert not isinstance(refused.value, ImplausibleError)


def test_a_volume_that_cannot_be_read_is_left_to_the_backend() -> None:
    error = FaultyStudyError(FaultKind.TRUNCATED, "t2.nii.gz: truncated")
    study = study_of(TornVolumes({Modality.T1C: brain()}, error))

    reading = predict_study(study, fake_backend(classifier=FakeClassifier(lambda _: HGG)))

    assert (reading.grade, reading.implausible) == (HGG, ())


def test_probabilities_are_refused_where_a_backend_knows_none() -> None:
    with pytest.raises(InvalidInputError, match="backend fake states no probabilities of voxels"):
        predict_study(fake_case().study, fake_backend(), probabilities=True)


def vessels_in(modality: Modality, *, of: str = "patient") -> Study:
    """Make a brain that differs from others by bright vessels in one modality."""
    volumes = {item: brain() for item in (Modality.T1N, Modality.T1C)}
    middle = tuple(slice(n // 2 - 6, n // 2 + 6) for n in volumes[modality].shape)
    volumes[modality][middle] *= 3
    return replace(study_of(volumes), id=of, patient_id=of)


def test_swapped_sequences_are_remarked_on_and_still_answered() -> None:
    right = predict_study(vessels_in(Modality.T1C), fake_backend(classifier=FakeClassifier()))
    swapped = predict_study(vessels_in(Modality.T1N), fake_backend(classifier=FakeClassifier()))

    assert right.out_of_scope == ()
    (fault,) = swapped.out_of_scope
    assert fault.kind is FaultKind.CONTRAST_ORDER
    assert isinstance(swapped.grade, GradePrediction)


def test_phantoms_have_no_vessels_and_are_not_compared() -> None:
    phantom = vessels_in(Modality.T1N, of="Phantom_0000")

    assert predict_study(phantom, fake_backend(classifier=FakeClassifier())).out_of_scope == ()
