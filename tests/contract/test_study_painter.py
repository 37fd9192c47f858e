"""What every painter promises."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.fake_study_painter import FakeStudyPainter
from fakes.fake_study_source import fake_case
from fakes.torn_volumes import TornVolumes
from gliobench.adapters.pillow import PillowStudyPainter
from gliobench.application.ports.study_painter import StudyPainter
from gliobench.domain.errors import InvalidInputError, NotFoundError, StoreError
from gliobench.domain.geometry.grids import Box3D
from gliobench.domain.studies.study import Modality

PAINTERS = [FakeStudyPainter(), PillowStudyPainter()]


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_the_same_arguments_give_the_same_png(painter: StudyPainter) -> None:
    case = fake_case("s1")

    first, second = (
        painter.paint(
            case.study,
            centre_vox=(5.0, 6.0, 4.0),
            regions=case.reference.regions,
            box=Box3D((2, 2, 2), (5, 5, 5)),
            through_vox=(4.0, 6.0, 4.0),
            title="s1",
        )
        for _ in range(2)
    )

    assert first == second
    assert first.startswith(b"\x89PNG")


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
@pytest.mark.parametrize("modality", list(Modality))
def test_any_modality_will_do(painter: StudyPainter, modality: Modality) -> None:
    study = fake_case("s1", modalities=[modality]).study

    assert painter.paint(study, centre_vox=None)


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_a_study_without_modalities_cannot_be_drawn(painter: StudyPainter) -> None:
    with pytest.raises(NotFoundError, match="has no modality"):
        painter.paint(fake_case("s1", modalities=()).study, centre_vox=None)


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
@pytest.mark.parametrize("readable", list(Modality))
def test_modalities_that_cannot_be_read_are_passed_over(
    painter: StudyPainter, readable: Modality
) -> None:
    study = fake_case("s1").study
    torn = TornVolumes({readable: study.volume(readable)}, InvalidInputError("cut short"))

    assert painter.paint(replace(study, volumes=torn), centre_vox=None)


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_a_study_of_which_nothing_can_be_read_cannot_be_drawn(painter: StudyPainter) -> None:
    torn = replace(fake_case("s1").study, volumes=TornVolumes({}, InvalidInputError("cut short")))

    with pytest.raises(InvalidInputError, match="cut short"):
        painter.paint(torn, centre_vox=None)


@pytest.mark.parametrize("painter", PAINTERS, ids=lambda painter: type(painter).__name__)
def test_a_store_that_cannot_be_read_is_told(painter: StudyPainter) -> None:
    away = replace(fake_case("s1").study, volumes=TornVolumes({}, StoreError("connection reset")))

    with pytest.raises(StoreError, match="connection reset"):
        painter.paint(away, centre_vox=None)
