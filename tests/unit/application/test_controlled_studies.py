from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fake_localizer import bright_voxels
from fakes.fake_study_source import FakeStudySource, fake_case
from gliobench.application.evaluate.controlled_studies import ControlledStudies
from gliobench.domain.controls.controls import Control
from gliobench.domain.controls.motion import Motion
from gliobench.domain.controls.moves import Move, moves
from gliobench.domain.errors import InvalidInputError, NotFoundError
from gliobench.domain.geometry.grids import Box3D, Point3D
from gliobench.domain.labels.regions import Region
from gliobench.domain.predictions.prediction import Form, LocalisationPrediction
from gliobench.domain.studies.study import Case, Modality, Study

SHAPE = (20, 12, 3)


def roomy(
    study_id: str = "s0",
    *,
    patient_id: str | None = None,
    shape: tuple[int, int, int] = SHAPE,
    tumour: Box3D = Box3D((3, 4, 1), (5, 7, 2)),  # noqa: B008 -- frozen
    modalities: Sequence[Modality] = tuple(Modality),
) -> Case:
    """Make a case whose brain leaves the upper half of i empty."""
    case = fake_case(
        study_id, patient_id=patient_id, shape=shape, tumour=tumour, modalities=modalities
    )
    for volume in case.study.volumes.values():
        volume[shape[0] // 2 :] = 0.0
    return case


def controlled(control: Control, *cases: Case) -> ControlledStudies:
    source = FakeStudySource(cases)
    return ControlledStudies(source, control, source.study_ids())


def test_a_blank_image_is_all_zero_and_keeps_its_grid_and_its_reference() -> None:
    case = roomy()

    studies = controlled(Control.BLANK, case)

    study = studies.study("s0")
    assert all(not study.volume(modality).any() for modality in Modality)
    assert study.volume(Modality.T1C).dtype == np.float32
    assert study.grid == case.study.grid
    np.testing.assert_array_equal(
        studies.reference("s0").regions[Region.WT], case.reference.regions[Region.WT]
    )


@pytest.mark.parametrize("control", [Control.MIRRORED, Control.SHIFTED])
def test_image_and_reference_move_together(control: Control) -> None:
    case = roomy()

    studies = controlled(control, case)

    motion = studies.motion("s0")
    assert motion == (
        Motion(mirrored=True) if control is Control.MIRRORED else Motion(steps=(10, 0))
    )
    np.testing.assert_array_equal(
        studies.study("s0").volume(Modality.T2F), motion.of_array(case.study.volume(Modality.T2F))
    )
    moved = studies.reference("s0").regions
    assert set(moved) == set(case.reference.regions)
    np.testing.assert_array_equal(
        moved[Region.ET], motion.of_array(case.reference.regions[Region.ET])
    )
    assert studies.reference("s0").grade is case.reference.grade


def test_everybody_gets_the_images_of_another_patient_on_the_same_kind_of_grid() -> None:
    cases = [
        roomy("a1", patient_id="anna"),
        roomy("a2", patient_id="anna"),
        roomy("b1", patient_id="ben"),
        roomy("c1", patient_id="cem"),
        roomy("d1", shape=(22, 12, 3)),
    ]
    by_pixels = {case.study.volume(Modality.T1N).tobytes(): case.study.patient_id for case in cases}

    studies = controlled(Control.OTHER_PATIENT, *cases)

    assert studies.study_ids() == ["a1", "a2", "b1", "c1"]
    shown = {
        one: by_pixels[studies.study(one).volume(Modality.T1N).tobytes()]
        for one in studies.study_ids()
    }
    own = {one: studies.study(one).patient_id for one in studies.study_ids()}
    assert own == {"a1": "anna", "a2": "anna", "b1": "ben", "c1": "cem"}
    assert all(shown[one] != own[one] for one in own)
    assert sorted(shown.values()) == ["anna", "anna", "ben", "cem"]


@given(patients=st.lists(st.integers(0, 5), min_size=1, max_size=10))
def test_nobody_is_ever_shown_their_own_images(patients: list[int]) -> None:
    cases = [
        fake_case(f"s{number}", patient_id=f"p{patient}", shape=(3, 3, 3), tumour=None)
        for number, patient in enumerate(patients)
    ]
    for case, patient in zip(cases, patients, strict=True):
        case.study.volumes[Modality.T1C][:] = patient

    studies = controlled(Control.OTHER_PATIENT, *cases)

    for study_id in studies.study_ids():
        study = studies.study(study_id)
        assert f"p{study.volume(Modality.T1C).max():.0f}" != study.patient_id
    if 2 * max(patients.count(one) for one in patients) <= len(patients):
        assert len(studies.study_ids()) == len(patients)
    assert studies.study_ids() == controlled(Control.OTHER_PATIENT, *reversed(cases)).study_ids()


def test_a_dropped_modality_is_absent_from_the_study() -> None:
    cases = [roomy("s0"), roomy("s1", modalities=[Modality.T1C])]

    studies = controlled(Control.WITHOUT_T1N, *cases)

    assert studies.study_ids() == ["s0"]  # s1 has lacked it all along
    study = studies.study("s0")
    assert set(study.volumes) == {Modality.T1C, Modality.T2W, Modality.T2F}
    with pytest.raises(NotFoundError, match="no t1n"):
        study.volume(Modality.T1N)
    with pytest.raises(NotFoundError, match="not there under without-t1n"):
        studies.study("s1")


def test_no_two_controls_share_a_content_hash() -> None:
    cases = [roomy("s0"), roomy("s1")]
    source = FakeStudySource(cases)

    hashes = {controlled(control, *cases).content_hash("s0") for control in Control}

    assert len(hashes | {source.content_hash("s0"), source.content_hash("s1")}) == len(Control) + 2


def test_no_volume_is_read_before_it_is_looked_at() -> None:
    def never(modality: Modality) -> np.ndarray:
        raise AssertionError(modality)

    class Unread(dict[Modality, np.ndarray]):
        __getitem__ = never

    for control in Control:
        case = roomy()
        study = Study(
            id="s0", patient_id="s0", grid=case.study.grid, volumes=Unread.fromkeys(Modality)
        )
        source = FakeStudySource([Case(study, case.reference), roomy("s1")])
        studies = ControlledStudies(source, control, source.study_ids())

        assert set(studies.study("s0").volumes) == set(Modality) - {control.dropped}


def test_a_study_that_cannot_be_read_cannot_be_read_under_a_control() -> None:
    source = FakeStudySource([roomy()], unreadable={"s9": InvalidInputError("s9 is no NIfTI")})

    studies = ControlledStudies(source, Control.SHIFTED, source.study_ids())

    assert studies.study_ids() == ["s0", "s9"]
    with pytest.raises(InvalidInputError, match="s9 is no NIfTI"):
        studies.motion("s9")


def constant(_: Study) -> LocalisationPrediction:
    """Answer one place whatever is shown."""
    return LocalisationPrediction({Form.POINT_3D: Point3D((4.0, 5.0, 1.0))})


@given(
    control=st.sampled_from([Control.MIRRORED, Control.SHIFTED]),
    start=st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(1, 1)),
    size=st.tuples(st.integers(1, 3), st.integers(1, 3), st.just(1)),
)
def test_who_finds_the_bright_blob_is_never_off_and_who_does_not_look_is_off_by_all(
    control: Control, start: tuple[int, int, int], size: tuple[int, int, int]
) -> None:
    (i, j, k), (a, b, c) = start, size
    case = roomy(tumour=Box3D(start, (i + a, j + b, k + c)))
    studies = controlled(control, case)
    motion = studies.motion("s0")

    looking, blind = (
        moves(
            rule(case.study),
            rule(studies.study("s0")),
            motion=motion,
            grid=case.study.grid,
            plane=None,
        )
        for rule in (bright_voxels, constant)
    )

    assert max(one.apart_mm for one in looking.values()) == pytest.approx(0.0, abs=1e-9)
    assert looking[Form.MASK].overlap == 1.0
    assert looking[Form.BOX_3D].overlap == 1.0
    # the shift is 10 voxels; 4 lies 5.5 voxels beside the mirror at 9.5
    full = {Control.SHIFTED: 10.0, Control.MIRRORED: 11.0}[control]
    assert blind == {Form.POINT_3D: Move(apart_mm=full, unmoved_mm=full)}
